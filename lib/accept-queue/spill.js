'use strict'

/**
 * Refusal from the accept queue, in native code: while a queue stands, connections that cannot be
 * served in time are answered 503 before Node has seen them. What is not a plain request is handed to
 * Node as if Node had accepted it, while the budget for that lasts.
 */

const { AsyncResource } = require('node:async_hooks')
const { listenerCount } = require('node:events').prototype
const http = require('node:http')
const { binding } = require('../native/binding.js')
const { firstReserved } = require('../limits/descriptor-reserve.js')
const { answers } = require('./spill-plan.js')

const cluster = /** @type {import('node:cluster').Cluster} */ (/** @type {unknown} */ (require('node:cluster')))

/**
 * @typedef {object} SpillSnapshot
 * @property {boolean} active whether it watches a listening socket
 * @property {string} why why not; empty where it does
 * @property {number} sockets listening sockets that it watches
 * @property {number} spilled connections refused
 * @property {number} handedOver connections that it took and gave to Node: exempt, a WebSocket handshake, no
 *   request yet, none that it can read
 * @property {number} dropped connections closed unanswered, because their server closed meanwhile
 * @property {number} lingeringCloses refused connections that wait, for 2 s at most, until the client has
 *   stopped sending
 *
 * @typedef {object} SpillTold what the spill tells of one turn of the loop
 * @property {number} count connections refused
 * @property {number} waitMs what the first, and so the oldest, of them had waited
 * @property {number} retryAfter s
 *
 * @typedef {{ handle: any, native: import('../native/binding.js').NativeSpill | undefined, why: string,
 *   handOver: (fds: ArrayLike<number> & { [index: number]: number }, count: number) => void }} Point
 */

// What `new TCP(type)` takes for a connection, as opposed to a listening socket.
const SOCKET = 0
const TAKEN = -1
// As many as the native side hands over in a turn.
const SLOTS = 8
// So many closed servers' figures are kept apart, until surely nothing adds to them.
const MOST_RETIRED = 8

/** Listening handles whose spill a gate has; a second controller would judge by what the first leaves. */
const taken = new WeakSet()

/** The spill of one gate, on however many servers the gate has. */
class Spill {
  #controller
  #options
  #exempt
  #hindrance
  #onSpill
  #scope
  /** @type {Map<any, Point>} */
  #points = new Map()
  /** Server to what takes the listeners off it. @type {WeakMap<any, () => void>} */
  #unwatch = new WeakMap()
  /** Those servers, which one gate may see come and go by the hundred. @type {Set<WeakRef<any>>} */
  #watched = new Set()
  /** @type {import('../native/binding.js').NativeSpill[]} */
  #retired = []
  #ended = { spilled: 0, handedOver: 0, dropped: 0, lingeringCloses: 0 }
  /** @type {any} */
  #lastServer
  /** @type {any} */
  #lastHandle

  /**
   * @param {import('../admission/controller.js').NativeController} controller
   * @param {any} options of the gate
   * @param {import('./spill-plan.js').SpillPlan} plan
   * @param {((told: SpillTold) => void) | undefined} onSpill told once a turn at most
   */
  constructor (controller, options, { why, exempt }, onSpill) {
    this.#controller = controller
    this.#options = options
    this.#exempt = exempt
    this.#hindrance = why
    this.#onSpill = onSpill
    // Made here, not where a server is found: that may be in a request, whose context is its own.
    this.#scope = why === '' ? new AsyncResource('SPILLWAY') : undefined
  }

  /**
   * @param {any} server whatever it serves, and whether or not it listens yet
   */
  watch (server) {
    if (this.#hindrance !== '' || this.#unwatch.has(server)) return
    // The context in which listen() was called, as for what Node accepts.
    const onListening = () => this.#attach(server, new AsyncResource('SPILLWAY'))
    const onClose = () => {
      this.#detach(server)
      this.#lastServer = this.#lastHandle = undefined
    }
    server.on('listening', onListening)
    server.on('close', onClose)
    this.#watched.add(new WeakRef(server))
    for (const watched of this.#watched) if (watched.deref() === undefined) this.#watched.delete(watched)
    this.#unwatch.set(server, () => {
      server.removeListener('listening', onListening)
      server.removeListener('close', onClose)
    })
    if (server.listening) this.#attach(server, this.#scope)
  }

  /**
   * A request has come, for an adapter that does not know its servers.
   *
   * @param {any} raw Node's request
   */
  seen (raw) {
    if (this.#hindrance !== '') return
    const server = raw.socket?.server
    if (server === this.#lastServer && server?._handle === this.#lastHandle) return
    if (server === undefined || server === null) return
    this.#lastServer = server
    this.#lastHandle = server._handle
    this.watch(server)
    if (this.#points.get(server)?.handle !== server._handle) this.#attach(server, this.#scope)
  }

  /**
   * @param {any} server
   * @param {AsyncResource | undefined} scope in which connections are handed over
   */
  #attach (server, scope) {
    const handle = server._handle
    if (handle === null || handle === undefined || this.#points.get(server)?.handle === handle) return
    this.#detach(server)
    const slots = new Int32Array(SLOTS)
    const handOver = /** @type {Point['handOver']} */ (fds, count) => {
      scope?.runInAsyncScope(handOverAll, undefined, server, handle, fds, count)
    }
    const why = taken.has(handle) ? 'another gate of this server has the spill' : unfit(server, handle)
    if (why === '') taken.add(handle)
    const native = why !== ''
      ? undefined
      : binding.createSpill(this.#controller, handle.fd, this.#exempt, answers(this.#options),
        Buffer.byteLength(this.#options.message), firstReserved(this.#options), slots, (count, refused, waitMs, retryAfter) => {
          if (refused > 0) this.#tell(refused, waitMs, retryAfter)
          if (count > 0) handOver(slots, count)
        }, this.#onSpill !== undefined, () => listenerCount.call(server, 'upgrade') > 0)
    this.#points.set(server, { handle, native, why, handOver })
  }

  /**
   * @param {number} count
   * @param {number} waitMs
   * @param {number} seconds
   */
  #tell (count, waitMs, seconds) {
    const { retryAfter } = this.#options
    this.#onSpill?.({ count, waitMs, retryAfter: retryAfter === 'auto' ? seconds : retryAfter })
  }

  /** @param {any} server */
  #detach (server) {
    const point = this.#points.get(server)
    this.#points.delete(server)
    if (point?.native === undefined) return
    taken.delete(point.handle)
    const rest = point.native.close()
    this.#retire(point.native)
    // A listener that throws ends one hand-over, not those behind it.
    for (let tries = 0; tries <= rest.length; tries++) {
      try {
        point.handOver(rest, rest.length)
        break
      } catch (error) {
        process.nextTick(() => { throw error })
      }
    }
    for (const fd of rest) if (fd !== TAKEN) discard(point.handle, fd)
    const handedOver = rest.filter((fd) => fd === TAKEN).length
    this.#ended.handedOver += handedOver
    this.#ended.dropped += rest.length - handedOver
  }

  /**
   * Its figures may still change: it may be in the middle of a turn, and have connections that linger.
   *
   * @param {import('../native/binding.js').NativeSpill} native
   */
  #retire (native) {
    this.#retired.push(native)
    const oldest = this.#retired.length > MOST_RETIRED ? this.#retired.shift() : undefined
    if (oldest !== undefined) add(this.#ended, { ...oldest.figures(), lingeringCloses: 0 })
  }

  /** @param {string} why from now on */
  forbid (why) {
    if (this.#hindrance !== '') return
    this.#hindrance = why
    this.close()
  }

  /** Lets go of all servers. */
  close () {
    for (const watched of this.#watched) {
      const server = watched.deref()
      if (server === undefined) continue
      this.#unwatch.get(server)?.()
      this.#unwatch.delete(server)
      this.#detach(server)
    }
    this.#watched.clear()
    this.#lastServer = this.#lastHandle = undefined
    if (this.#hindrance === '') this.#hindrance = 'the gate is closed'
  }

  get spilled () {
    return this.snapshot().spilled
  }

  /** @returns {SpillSnapshot} */
  snapshot () {
    const sum = { ...this.#ended }
    let why = this.#hindrance || 'no server of this gate listens, as far as is known'
    let sockets = 0
    for (const native of this.#retired) add(sum, native.figures())
    for (const point of this.#points.values()) {
      if (point.why !== '') why = point.why
      if (point.native === undefined) continue
      const figures = point.native.figures()
      if (figures.open) sockets++
      add(sum, figures)
    }
    return { active: sockets > 0, why: sockets > 0 ? '' : why, sockets, ...sum }
  }
}

/**
 * @param {{ spilled: number, handedOver: number, dropped: number, lingeringCloses: number }} sum
 * @param {{ spilled: number, handedOver: number, dropped: number, lingeringCloses: number }} figures
 */
function add (sum, figures) {
  sum.spilled += figures.spilled
  sum.handedOver += figures.handedOver
  sum.dropped += figures.dropped
  sum.lingeringCloses += figures.lingeringCloses
}

/**
 * Why the spill leaves a listening server alone; empty where it does not.
 *
 * @param {any} server
 * @param {any} handle
 */
function unfit (server, handle) {
  if (!(server instanceof http.Server)) return 'the server speaks more than plain HTTP/1'
  // A stand-in of the cluster module's, without a socket.
  if (cluster.isWorker && handle.fd === undefined) return "the cluster's primary holds the listening socket (round-robin scheduling)"
  // The cluster module's mark on a handle that every worker has.
  if (cluster.isWorker && Object.hasOwn(handle, 'close')) return 'the cluster\'s workers share the listening socket'
  if (handle.constructor?.name === 'Pipe') return 'a Unix socket does not tell what waits to be accepted'
  const isKnown = handle.constructor?.name === 'TCP' && handle.fd >= 0 &&
    [handle.onconnection, handle.constructor.prototype.open].every((method) => typeof method === 'function')
  return isKnown ? '' : 'this version of Node accepts connections in a way that is not known'
}

/**
 * What libuv and Node's binding do with a connection that they have accepted. A slot is TAKEN as
 * soon as its descriptor belongs to a handle; what is not, stays the caller's.
 *
 * @param {any} server
 * @param {any} handle on which the server listened
 * @param {{ [index: number]: number }} fds
 * @param {number} count
 */
function handOverAll (server, handle, fds, count) {
  for (let i = 0; i < count && server._handle === handle; i++) {
    if (fds[i] === TAKEN) continue
    const connection = new handle.constructor(SOCKET)
    if (connection.open(fds[i]) !== 0) {
      connection.close()
      continue
    }
    fds[i] = TAKEN
    handle.onconnection(0, connection)
  }
}

/**
 * Closes a descriptor, which only a handle can in JavaScript.
 *
 * @param {any} handle of the same kind
 * @param {number} fd
 */
function discard (handle, fd) {
  const connection = new handle.constructor(SOCKET)
  connection.open(fd)
  connection.close()
}

module.exports = { Spill }
