'use strict'

/** The property of a request that holds its view, once somebody has looked at it. */
const kView = Symbol('spillway.view')

/** What a handler can find out about its request: `req.spillway`. */
class RequestView {
  /** @type {AbortController | undefined} */
  #controller
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #deadlineAt
  /** @type {DOMException | undefined} */
  #reason

  /** @param {number} deadlineAt when its client stops waiting, by `performance.now()`; Infinity if that is not known */
  constructor (deadlineAt) {
    this.#deadlineAt = deadlineAt
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
      else if (this.#deadlineAt !== Infinity) this.#waitForDeadline()
    }
    return this.#controller.signal
  }

  #waitForDeadline () {
    const leftMs = Math.max(0, this.#deadlineAt - performance.now())
    this.#timer = setTimeout(() => this.#abort('The deadline of the request has passed', 'TimeoutError'), leftMs).unref()
  }

  /** Must be called when the client has left. */
  onClientLeft () {
    this.#abort('The client has left', 'AbortError')
  }

  /** Must be called when the request has ended. */
  onEnd () {
    clearTimeout(this.#timer)
    this.#deadlineAt = Infinity
  }

  /** @param {string} message @param {string} name */
  #abort (message, name) {
    clearTimeout(this.#timer)
    this.#reason = new DOMException(message, name)
    this.#controller?.abort(this.#reason)
  }
}

/**
 * @param {any} raw Node's request
 * @param {import('./tracked-request.js').TrackedRequest | undefined} trackedRequest undefined if it has ended or its client has left,
 *   or if no gate has seen it
 * @returns {RequestView | undefined}
 */
function viewOf (raw, trackedRequest) {
  if (trackedRequest !== undefined) return (trackedRequest.view ??= new RequestView(trackedRequest.deadlineAt))
  if (raw.socket?.destroyed !== true) return undefined
  const view = new RequestView(Infinity)
  view.onClientLeft()
  return view
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
