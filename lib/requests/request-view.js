'use strict'

const { LONGEST_TIMER_MS } = require('../options/rows.js')

/** The property of a request that holds its view, once somebody has looked at it. */
const kView = Symbol('spillway.view')

/** What a handler can find out about its request: `req.spillway`. */
class RequestView {
  /** @type {AbortController | undefined} */
  #controller
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  /** @type {DOMException | undefined} */
  #reason
  /** @type {{ deadlineAt: number } | null} */
  #request

  /** @param {{ deadlineAt: number } | null} request null if it has ended */
  constructor (request) {
    this.#request = request
  }

  /**
   * Aborts when the work for the request has become useless: with an AbortError when its client has left, and with a
   * TimeoutError when its deadline has passed. It does not abort once the response was sent.
   *
   * @returns {AbortSignal}
   */
  get signal () {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
      else if (this.#request !== null) this.#waitUntil(this.#request.deadlineAt)
    }
    return this.#controller.signal
  }

  /** @param {number} deadlineAt by `performance.now()`; Infinity if there is no deadline */
  #waitUntil (deadlineAt) {
    const leftMs = Math.max(0, deadlineAt - performance.now())
    if (leftMs > LONGEST_TIMER_MS) return
    this.#timer = setTimeout(() => this.#abort('The deadline of the request has passed', 'TimeoutError'), leftMs).unref()
  }

  /** Must be called when the client has left. */
  onClientLeft () {
    if (this.#request !== null) this.#abort('The client has left', 'AbortError')
  }

  /** Must be called when the request has ended. */
  onEnd () {
    clearTimeout(this.#timer)
    this.#request = null
  }

  /** @param {string} message @param {string} name */
  #abort (message, name) {
    clearTimeout(this.#timer)
    this.#reason = new DOMException(message, name)
    this.#controller?.abort(this.#reason)
  }
}

/**
 * @param {any} raw Node's request, or a response that a client has got, which has the same class, or the prototype of both
 * @param {import('./tracked-request.js').TrackedRequest | undefined} trackedRequest undefined if it has ended
 * @returns {RequestView | undefined} undefined unless `raw` is a request
 */
function viewOf (raw, trackedRequest) {
  if (trackedRequest === undefined) return raw.method == null ? undefined : new RequestView(null)
  if (trackedRequest.view === null) {
    const { abandoned, connection, finished } = trackedRequest
    const view = trackedRequest.view = new RequestView(trackedRequest)
    if (finished && !abandoned) view.onEnd()
    else if (abandoned || connection?.closed) view.onClientLeft()
  }
  return trackedRequest.view
}

/** Classes of requests that have the property `spillway`. */
const classes = new WeakSet()

/**
 * Gives the requests of a class the property `spillway`. It is an accessor of their prototype, so that it costs nothing
 * unless somebody looks at it.
 *
 * @param {{ prototype: object }} Class
 * @param {(raw: any) => import('./tracked-request.js').TrackedRequest | undefined} find
 */
function addView (Class, find) {
  if (classes.has(Class) || 'spillway' in Class.prototype) return
  classes.add(Class)
  Object.defineProperty(Class.prototype, 'spillway', {
    configurable: true,
    /** @this {any} */
    get () {
      return (this[kView] ??= viewOf(this, find(this)))
    },
    // Other code may give its requests a property of this name.
    set (value) {
      Object.defineProperty(this, 'spillway', { value, writable: true, enumerable: true, configurable: true })
    }
  })
}

module.exports = { RequestView, addView }
