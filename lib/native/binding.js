'use strict'

/**
 * The measuring backend: the native addon or, where it cannot load, the same calls in JavaScript.
 * All times are ms.
 *
 * @typedef {object} Backend
 * @property {(intervalMs: number, factor: number) => boolean} start begins to measure, from nothing
 * @property {() => boolean} stop false if it was not running
 * @property {(factor: number) => void} setFactor
 * @property {() => number} lag smoothed lateness of the timer
 * @property {() => number} delay what a request arriving now would wait before its handler
 * @property {(maxLagMs: number) => boolean} isBusy whether to shed: never while `delay()` is up to the
 *   threshold, always from twice that on, with rising probability between
 * @property {() => number} loopDelay what the loop alone knows of the wait of a request now reaching its
 *   handler: the busy time, so far, of the turn now running
 * @property {() => number} meanTurn mean busy time of recent turns
 * @property {() => number} takeLongestTurn the longest turn since the last call
 * @property {() => number} utilization share of the last interval the loop was not asleep, 0 to 1
 * @property {(fd: number) => number} connectionAge since the connection on the socket `fd` was complete, or below 0
 *   where the kernel does not know; only until something is sent on it
 * @property {(fd: number, fresh: number, queuedMs: number) => number} requestWait to be called when a request on the
 *   socket `fd` reaches its handler: what it waited, or below 0 where the kernel does not know; `fresh`
 *   1 for the first on its connection, which may have waited to be accepted, else 0; `queuedMs`: what its connection
 *   waited to be accepted, or below 0 where that is not known
 * @property {() => boolean} wasQueued whether that request came on a connection that had just been accepted
 * @property {(...fds: number[]) => void} watchListeners descriptors whose accept queues `delay()`
 *   is to look at
 * @property {(maxDelayNs: number, maxInFlight: number, tickNs: number, dryRun: number, live: number) =>
 *   import('../admission/controller.js').NativeController} createController 0: no limit; `live`: told of each turn of this loop
 * @property {(controller: import('../admission/controller.js').NativeController, fd: number, exempt: string[], answers: string[],
 *   messageBytes: number, firstReserved: number, slots: Int32Array,
 *   deliver: (count: number, refused: number, longestWaitMs: number, retryAfter: number) => void,
 *   wantsRefusals: boolean, takesWebSockets: () => boolean) => NativeSpill | undefined} createSpill refuses from the accept queue of a listening
 *   socket while the admission controller says that a queue stands; lets none wait for its request whose descriptor
 *   is `firstReserved` or higher; `deliver` takes the descriptors in `slots`, and is called for refusals alone if it
 *   wants them; `takesWebSockets` tells whether the server would make a WebSocket of a connection now
 * @property {boolean} canSpill whether this system has that
 * @property {() => (() => { mean: number, p99: number, max: number }) & { stop?: () => void }} createLoopDelay a
 *   function that tells how late the loop was, since it was last asked, for what came at any moment; `stop` where
 *   it has a timer of its own
 * @property {() => (() => number) | undefined} createPoolProbe a function that tells how long the last piece of
 *   work waited for libuv's pool, and sends the next; undefined where there is none to be had
 * @property {(() => import('../streams/auto-slots.js').NativeConcurrency) | undefined} createConcurrency
 * @property {boolean} kernelWaits whether this system can tell `requestWait`
 * @property {number} tickMs resolution of `requestWait`, 0 where there is none
 *
 * @typedef {object} NativeSpill
 * @property {() => number[]} close lets go of the listening socket; returns descriptors of connections that are the
 *   caller's from then on
 * @property {() => { open: boolean, spilled: number, handedOver: number, dropped: number, lingeringCloses: number }} figures
 */

const path = require('node:path')
const fallback = require('./fallback.js')

/**
 * @returns {{ backend: 'native' | 'js', binding: Backend }}
 * @throws {RangeError} where the environment asks for what there is not
 */
function load () {
  const asked = process.env.SPILLWAY_BACKEND
  if (asked === 'js') return { backend: 'js', binding: fallback }
  if (asked) throw new RangeError(`SPILLWAY_BACKEND: takes 'js', or nothing; got '${asked}'`)
  // Both runtimes let the addon load and abort the process at its first libuv call.
  if (process.versions.bun !== undefined) return useFallback('Bun has no libuv event loop')
  if ('deno' in process.versions) return useFallback('Deno has no libuv event loop')
  try {
    // @ts-expect-error: it has no types
    return { backend: 'native', binding: require('node-gyp-build')(path.join(__dirname, '..', '..')) }
  } catch (error) {
    return useFallback(error instanceof Error ? error.message : String(error))
  }
}

/**
 * @param {string} reason
 * @returns {{ backend: 'js', binding: Backend }}
 */
function useFallback (reason) {
  process.emitWarning(
    `the native addon did not load, and a JavaScript timer measures instead: it sees the event loop's lag, not what each request waited, and finds no limits in flight (${reason})`,
    { type: 'SpillwayWarning', code: 'SPILLWAY_FALLBACK' })
  return { backend: 'js', binding: fallback }
}

module.exports = load()
