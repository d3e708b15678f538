'use strict'

const { AsyncResource } = require('node:async_hooks')

const { HandlerContext } = require('./handler-context.js')
const { ItemSignals } = require('./item-signals.js')
const { Retries } = require('./retry.js')

/** @typedef {import('./item.js').Item<any>} Item */

/** Calls the user's handler with its `HandlerContext`, in the right asynchronous context, and retries it if necessary. */
class Handlers {
  #handler
  #signal
  #onStop
  /** @type {AsyncResource | undefined} in which handlers run, unless each item has its own */
  #context
  /** @type {Retries | undefined} */
  #retries
  /** @type {ItemSignals | undefined} */
  #itemSignals

  /**
   * @param {import('./handler-context.js').Handler<any>} handler
   * @param {import('./options.js').Settings} settings
   * @param {boolean} itemsHaveContexts
   * @param {AbortSignal} signal for items without a signal of their own
   * @param {{ onStop: (index: number) => void, onTimeout: (item: Item, error: unknown) => void }} events
   */
  constructor (handler, { retry, timeout, adapt }, itemsHaveContexts, signal, { onStop, onTimeout }) {
    if (retry !== undefined) this.#retries = new Retries(/** @type {Required<import('./retry.js').Retry>} */ (retry))
    const retried = this.#retries?.wrap(handler) ?? handler
    this.#handler = adapt?.(retried) ?? retried
    if (timeout !== undefined) this.#itemSignals = new ItemSignals(timeout, onTimeout)
    if (!itemsHaveContexts) this.#context = new AsyncResource('spillway.stream')
    this.#signal = signal
    this.#onStop = onStop
  }

  /** The number of retries so far. */
  get retries () {
    return this.#retries?.count ?? 0
  }

  /**
   * Calls a function that calls handlers. Unless items have contexts of their own, it runs in the asynchronous context in which
   * the job was created.
   *
   * @param {() => void} run
   */
  enter (run) {
    if (this.#context === undefined) run()
    else this.#context.runInAsyncScope(run)
  }

  /**
   * @param {Item} item
   * @param {import('./intake.js').Origin | undefined} origin
   * @returns {unknown} what the handler returns, perhaps a promise
   * @throws what the handler throws, or, if the item is a rejected promise, the reason of its rejection
   */
  call (item, origin) {
    if (origin?.rejection !== undefined) throw origin.rejection.error
    const signal = this.#itemSignals === undefined ? this.#signal : this.#itemSignals.start(item)
    const context = new HandlerContext(signal, item.index, this.#onStop)
    if (origin?.context === undefined) return (0, this.#handler)(item.value, context)
    return origin.context.runInAsyncScope(this.#handler, undefined, item.value, context)
  }

  /** @param {Item} item whose handler has settled */
  settled (item) {
    this.#itemSignals?.stop(item)
  }

  /** @param {unknown} reason for items that have their own signals */
  abort (reason) {
    this.#itemSignals?.abort(reason)
  }
}

module.exports = { Handlers }
