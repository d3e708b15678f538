'use strict'

/**
 * The backend that measures and decides: the native addon or, if it cannot be loaded, a subset of its functions in
 * JavaScript. Times are in ms, unless a name ends in `Ns`. Callers must pass arguments of the stated types: the addon
 * does not validate them.
 *
 * @typedef {object} Backend
 * @property {(intervalMs: number, factor: number) => boolean} start starts to measure, without any history
 * @property {() => boolean} stop returns false if it was not running
 * @property {(factor: number) => void} setFactor
 * @property {() => number} lag the smoothed lateness of the timer
 * @property {() => number} delay how long a request that arrives now would wait before its handler
 * @property {(maxLagMs: number) => boolean} isBusy whether to shed a request: never if `delay()` is at most `maxLagMs`,
 *   always if it is at least twice that, and with increasing probability in between
 * @property {() => number} loopDelayNs how long a request that reaches its handler now has waited, judged by the event loop
 *   alone: the time for which the current turn has been busy
 * @property {() => number} longestWaitNs how long a request that the loop has just read may have waited, judged by the
 *   event loop alone: since it last looked for new bytes
 * @property {() => number} meanTurn the mean busy time of recent turns
 * @property {() => number} takeLongestTurn the longest turn since the last call
 * @property {() => number} utilization the share of the last interval in which the loop was not idle, 0 to 1
 * @property {(fd: number) => number} connectionAgeNs the time since the connection on the socket `fd` was established, or a
 *   negative number if the kernel does not report it; valid only until something is sent on it
 * @property {(fd: number, fresh: number, queuedNs: number) => number} requestWaitNs must be called when a request on the
 *   socket `fd` reaches its handler; returns how long the request waited, or a negative number if the kernel does not
 *   report it. `fresh` is 1 for the first request on its connection, which may have waited to be accepted, otherwise 0.
 *   `queuedNs` is how long the connection waited to be accepted, or a negative number if unknown
 * @property {() => boolean} wasQueued whether the request of the last `requestWaitNs` call came on a connection that had
 *   just been accepted
 * @property {(...fds: number[]) => void} watchListeners sets the listening sockets whose accept queues `delay()` takes into
 *   account
 * @property {(listeningFd: number) => number} acceptedNs must be called for each connection that is accepted from a Unix
 *   socket; returns an estimate of how long the connection had waited, or a negative number if `watchListeners` was not told
 *   of the socket
 * @property {(listeningFd: number) => boolean} knowsAcceptQueue whether this system reports how many connections wait on a
 *   listening socket
 * @property {(ip: string, port: number, backlog: number, ipv6Only: number) => number} listenShared opens a listening TCP
 *   socket that shares its port; returns its descriptor, or a negative error number
 * @property {(listeningFd: number) => number[]} acceptAll accepts the connections that wait; returns their descriptors,
 *   which the caller then owns
 * @property {(address: string) => string} clientOfAddress the client's name: the address in its usual form, or the /64
 *   network of an IPv6 address
 * @property {(header: string, proxies: number) => string} clientOfForwarded the same for an address in a header such as
 *   X-Forwarded-For: the element with that number, counted from the right; empty if there are fewer
 * @property {(maxDelayNs: number, maxInFlight: number, tickNs: number, dryRun: number, live: number, fairSeed: number) =>
 *   import('./types.js').NativeController} createController 0 for `maxDelayNs` or `maxInFlight` means no limit. `tickNs`
 *   is the resolution of the waits. `live` is 1 if the addon reports each turn of this loop to the controller, and 0 for
 *   a simulation. `fairSeed` is a random whole number for fair shares of clients; 0: no fair shares
 * @property {(controller: import('./types.js').NativeController, settings: SpillSettings, slots: Int32Array,
 *   deliver: (count: number, refused: number, longestWaitMs: number, retryAfter: number) => void,
 *   takesWebSockets: () => boolean) => NativeSpill | undefined} createSpill creates a spill, which refuses connections from
 *   the accept queue of a listening socket while the admission controller says that a queue stands. `deliver` takes over the
 *   descriptors in `slots`. `takesWebSockets` returns whether the server would accept a WebSocket now
 * @property {boolean} canSpill whether this system supports `createSpill`
 * @property {() => (() => { mean: number, p99: number, max: number }) & { stop?: () => void }} createLoopDelay creates a
 *   function that returns the event-loop delay since its last call; it has `stop` if it uses a timer of its own
 * @property {() => (() => number) | undefined} createPoolProbe creates a function that returns how long its last probe
 *   waited for a thread of libuv's pool, and sends the next probe; undefined if that is not possible
 * @property {(() => import('./types.js').NativeConcurrency) | undefined} createConcurrency
 * @property {Float64Array | undefined} turnNumber its only element changes with each measured turn of the event loop
 * @property {boolean} kernelWaits whether this system supports `requestWaitNs`
 * @property {number} tickMs the resolution of `requestWaitNs`, or 0 if it is not supported
 *
 * @typedef {object} SpillSettings
 * @property {number} fd of the listening socket
 * @property {boolean} isTls whether connections begin with a TLS handshake; `answers` are what is sent in its place
 * @property {string[]} exempt path patterns
 * @property {string[]} answers
 * @property {number} bodyBytes length of the answers' body
 * @property {number} firstReserved the spill does not wait for the request of a connection whose descriptor is this or higher
 * @property {boolean} wantsRefusals whether `deliver` is called after a turn with refusals and nothing to take over
 * @property {{ header: string, proxies: number }} clients used if the controller has fair shares; see
 *   src/accept_queue/client_rule.h
 * @property {NativePriorityRule} priorities used if the controller has priorities
 *
 * @typedef {{ paths: string[], levels: number[], header: string, trusted: string[] }} NativePriorityRule `levels` are the
 *   priorities of `paths`, of which the first that matches counts; see src/accept_queue/priority_rule.h
 *
 * @typedef {object} NativeSpill
 * @property {() => number[]} close stops using the listening socket; returns the descriptors of connections that it still
 *   holds, which the caller then owns
 * @property {() => { open: boolean, spilled: number, handshakes: number,
 *   handedOver: number, dropped: number, lingeringCloses: number }} figures
 */

const path = require('node:path')
const { warn } = require('./warn.js')

const BUILD_BY_HAND = 'To build the addon, run `npx node-gyp rebuild -C node_modules/spillway/src` with Python 3, make and a C++17 ' +
  'compiler installed; docs/compatibility.md lists the systems that need no build'

/**
 * @returns {{ backend: 'native' | 'js', binding: Backend }}
 * @throws {RangeError} if SPILLWAY_BACKEND is invalid
 * @throws {Error} if SPILLWAY_BACKEND is `native` and the addon cannot be loaded
 */
function load () {
  const wanted = process.env.SPILLWAY_BACKEND
  if (wanted === 'js') return loadFallback()
  if (wanted && wanted !== 'native') {
    const error = new RangeError(`SPILLWAY_BACKEND must be 'native' or 'js', or not be set; got '${wanted}'`)
    throw Object.assign(error, { code: 'SPILLWAY_INVALID_ARGUMENT' })
  }
  try {
    return { backend: 'native', binding: loadAddon() }
  } catch (error) {
    if (wanted === 'native') throw error
    warnOfFallback(error instanceof Error ? error.message : String(error))
    return loadFallback()
  }
}

/** @returns {Backend} */
function loadAddon () {
  // Bun and Deno can load the addon, but abort the process when it first calls libuv.
  if (process.versions.bun !== undefined) throw new Error('Bun has no libuv event loop')
  if ('deno' in process.versions) throw new Error('Deno has no libuv event loop')
  // @ts-expect-error: node-gyp-build has no types
  return require('node-gyp-build')(path.join(__dirname, '..', '..'))
}

/** @param {string} reason */
function warnOfFallback (reason) {
  warn('SPILLWAY_FALLBACK',
    'The native addon could not be loaded. A JavaScript timer is used instead. It measures event-loop lag, but not how long ' +
    `each request waited, and finds no concurrency limits. ${BUILD_BY_HAND}. Reason: ${reason}`)
}

/** @returns {{ backend: 'js', binding: Backend }} */
function loadFallback () {
  return { backend: 'js', binding: require('./fallback.js') } // required on use
}

module.exports = load()
