'use strict'

/**
 * Refuses connections that wait in the accept queue, in native code: while a queue stands, connections that cannot be
 * served in time are answered with 503 before Node sees them. A connection without a plain HTTP/1 request is handed to
 * Node as if Node had accepted it, as long as the budget for that lasts.
 */

const { AsyncResource } = require('node:async_hooks')
const { listenerCount } = require('node:events').prototype
const http = require('node:http')
const { binding } = require('../native/binding.js')
const { nativeRule } = require('./priority-rule.js')
const { TAKEN, discard, handOverAll } = require('./hand-over.js')
const { firstReserved } = require('../limits/descriptor-reserve.js')

const cluster = /** @type {import('node:cluster').Cluster} */ (/** @type {unknown} */ (require('node:cluster')))

/**
 * @typedef {object} SpillSnapshot
 * @property {boolean} active whether it watches a listening socket
 * @property {string} why the reason that it is not active; empty if it is
 * @property {number} sockets listening sockets that it watches
 * @property {number} spilled connections refused, not counting those of `handshakes`
 * @property {number} handshakes connections refused before their TLS handshake
 * @property {number} handedOver connections that it accepted and handed over to Node: those with an exempt path, a
 *   WebSocket handshake, no request yet, or bytes that it cannot parse; with fair shares, also those of clients that have
 *   not used up their share
 * @property {number} dropped connections closed without an answer because their server had closed
 * @property {number} lingeringCloses refused connections in a lingering close: open until the client has stopped sending,
 *   for at most 2 s
 *
 * @typedef {object} SpillReport the refusals of one turn of the loop
 * @property {'spill' | 'handshake'} reason 'handshake': the connections were refused before their TLS handshake
 * @property {number} count connections refused
 * @property {number} waitMs the longest wait among them
 * @property {number} retryAfter s; 0 for TLS, where the client is not told
 *
 * @typedef {object} Attachment of the spill to a listening server
 * @property {any} handle on which the server listens
 * @property {import('../native/binding.js').NativeSpill | undefined} native undefined if the spill leaves the server alone
 * @property {string} whyNot why the spill leaves the server alone; empty if it does not
 * @property {(fds: ArrayLike<number> & { [index: number]: number }, count: number) => void} handOver
 */

/** The constructors of the handles that servers listen on: for TCP and for Unix domain sockets. */
const KNOWN_HANDLES = new Set(['TCP', 'Pipe'])
/**
 * A fatal alert, internal_error (RFC 8446, section 6): a client sees that the server refused on purpose, and a proxy asks
 * another one.
 */
const TLS_ALERT = '\x15\x03\x03\x00\x02\x02\x50'
// The maximum number of connections that native code hands over in a turn (kMostHandedOver in src/accept_queue/spill.h).
const SLOTS = 8
// The figures of this many closed servers are still read, because they may change.
const MOST_RETIRED = 8

/** Handles that a gate's spill is attached to. A second gate would see only the connections that the first leaves. */
const attachedHandles = new WeakSet()

/** The spill of one gate, on all of the gate's servers. */
class Spill {
  #controller
  #options
  #plan
  #whyNot = ''
  #onRefusals
  #scope
  /** By server. @type {Map<any, Attachment>} */
  #attachments = new Map()
  /** For each server, the function that removes the listeners from it. @type {WeakMap<any, () => void>} */
  #unwatch = new WeakMap()
  /**
   * Weak references to the same servers, because one gate may see hundreds of them come and go.
   *
   * @type {Set<WeakRef<any>>}
   */
  #watched = new Set()
  /** @type {import('../native/binding.js').NativeSpill[]} */
  #retired = []
  #ended = { spilled: 0, handshakes: 0, handedOver: 0, dropped: 0, lingeringCloses: 0 }
  /** @type {any} */
  #lastServer
  /** @type {any} */
  #lastHandle

  /**
   * @param {import('../native/types.js').NativeController} controller
   * @param {any} options of the gate
   * @param {import('./spill-plan.js').SpillPlan} plan with an empty `whyNot`
   * @param {((report: SpillReport) => void) | undefined} onRefusals called at most once per turn of the loop
   */
  constructor (controller, options, plan, onRefusals) {
    this.#controller = controller
    this.#options = options
    this.#plan = plan
    this.#onRefusals = onRefusals
    // Created here because a server may be found during a request, whose async context must not be captured.
    this.#scope = new AsyncResource('SPILLWAY')
  }

  /** @param {any} server which may not be listening yet, or may be of a kind that the spill leaves alone */
  watch (server) {
    if (this.#whyNot !== '' || this.#unwatch.has(server)) return
    // The async context of the call to listen(), as for connections that Node accepts.
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

  /** Whether it is allowed to watch servers. */
  get isOn () {
    return this.#whyNot === ''
  }

  /**
   * Must be called for each request, by adapters that find their servers through requests.
   *
   * @param {any} server
   */
  watchAgain (server) {
    if (server === this.#lastServer && server?._handle === this.#lastHandle) return
    if (server === undefined || server === null) return
    this.#lastServer = server
    this.#lastHandle = server._handle
    this.watch(server)
    if (this.#attachments.get(server)?.handle !== server._handle) this.#attach(server, this.#scope)
  }

  /**
   * @param {any} server
   * @param {AsyncResource} scope in which connections are handed over
   */
  #attach (server, scope) {
    const handle = server._handle
    if (handle === null || handle === undefined || this.#attachments.get(server)?.handle === handle) return
    this.#detach(server)
    const handOver = /** @type {Attachment['handOver']} */ (fds, count) => {
      scope.runInAsyncScope(handOverAll, undefined, server, handle, fds, count)
    }
    const whyNot = attachedHandles.has(handle) ? 'the spill of another gate is attached to this server' : whyNotOn(server, handle, this.#plan)
    const native = whyNot === '' ? this.#createNative(server, handle, handOver) : undefined
    if (native !== undefined) attachedHandles.add(handle)
    this.#attachments.set(server, { handle, native, whyNot, handOver })
  }

  /**
   * @param {any} server
   * @param {any} handle
   * @param {Attachment['handOver']} handOver
   */
  #createNative (server, handle, handOver) {
    const { exempt, answers, bodyBytes, clients, priorities } = this.#plan
    const isTls = isTlsServer(server)
    const slots = new Int32Array(SLOTS)
    const deliver = (/** @type {number} */ count, /** @type {number} */ refused, /** @type {number} */ waitMs, /** @type {number} */ seconds) => {
      if (refused > 0) this.#report(isTls ? 'handshake' : 'spill', refused, waitMs, seconds)
      if (count > 0) handOver(slots, count)
    }
    const takesWebSockets = () => listenerCount.call(server, 'upgrade') > 0
    const settings = {
      fd: handle.fd,
      isTls,
      exempt,
      answers: isTls ? [TLS_ALERT] : answers,
      bodyBytes: isTls ? 0 : bodyBytes,
      firstReserved: firstReserved(this.#options),
      wantsRefusals: this.#onRefusals !== undefined,
      clients,
      priorities: nativeRule(priorities)
    }
    return binding.createSpill(this.#controller, settings, slots, deliver, takesWebSockets)
  }

  /**
   * @param {SpillReport['reason']} reason
   * @param {number} count
   * @param {number} waitMs
   * @param {number} seconds Retry-After of the answer that was sent, used if the option is 'auto'
   */
  #report (reason, count, waitMs, seconds) {
    const { retryAfter } = this.#options
    const toldS = retryAfter === 'auto' ? seconds : retryAfter
    this.#onRefusals?.({ reason, count, waitMs, retryAfter: reason === 'handshake' ? 0 : toldS })
  }

  /** @param {any} server */
  #detach (server) {
    const attachment = this.#attachments.get(server)
    this.#attachments.delete(server)
    if (attachment?.native === undefined) return
    const { handle, native, handOver } = attachment
    attachedHandles.delete(handle)
    const rest = native.close()
    this.#retire(native)
    // A 'connection' listener that throws must not prevent the hand-over of the remaining connections.
    for (let tries = 0; tries <= rest.length; tries++) {
      try {
        handOver(rest, rest.length)
        break
      } catch (error) {
        process.nextTick(() => { throw error })
      }
    }
    for (const fd of rest) if (fd !== TAKEN) discard(handle, fd)
    const handedOver = rest.filter((fd) => fd === TAKEN).length
    this.#ended.handedOver += handedOver
    this.#ended.dropped += rest.length - handedOver
  }

  /**
   * Keeps a closed native spill, because its figures may still change: it may be in the middle of a turn, or have
   * connections in a lingering close.
   *
   * @param {import('../native/binding.js').NativeSpill} native
   */
  #retire (native) {
    this.#retired.push(native)
    const oldest = this.#retired.length > MOST_RETIRED ? this.#retired.shift() : undefined
    if (oldest !== undefined) add(this.#ended, { ...oldest.figures(), lingeringCloses: 0 })
  }

  /**
   * Turns the spill off for good.
   *
   * @param {string} why
   */
  forbid (why) {
    if (this.#whyNot !== '') return
    this.#whyNot = why
    this.close()
  }

  /** Detaches from all servers. */
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
    if (this.#whyNot === '') this.#whyNot = 'the gate is closed'
  }

  /** @returns {SpillSnapshot} */
  snapshot () {
    const sum = { ...this.#ended }
    let why = this.#whyNot || 'no server of this gate is known to listen'
    let sockets = 0
    for (const native of this.#retired) add(sum, native.figures())
    for (const { native, whyNot } of this.#attachments.values()) {
      if (whyNot !== '') why = whyNot
      if (native === undefined) continue
      const figures = native.figures()
      if (figures.open) sockets++
      add(sum, figures)
    }
    return { active: sockets > 0, why: sockets > 0 ? '' : why, sockets, ...sum }
  }
}

/**
 * @typedef {{ spilled: number, handshakes: number, handedOver: number, dropped: number, lingeringCloses: number }} SpillCounts
 *
 * @param {SpillCounts} sum
 * @param {SpillCounts} figures
 */
function add (sum, figures) {
  sum.spilled += figures.spilled
  sum.handshakes += figures.handshakes
  sum.handedOver += figures.handedOver
  sum.dropped += figures.dropped
  sum.lingeringCloses += figures.lingeringCloses
}

/**
 * @param {any} server
 * @param {any} handle
 * @param {import('./spill-plan.js').SpillPlan} plan
 * @returns {string} why the spill leaves a listening server alone; empty if it does not
 */
function whyNotOn (server, handle, { clients, priorities }) {
  if (!(server instanceof http.Server || isTlsServer(server))) return 'the server speaks HTTP/2 without TLS'
  if (clients.header !== '' && isTlsServer(server)) return 'the option fairBy needs a header, which is unknown before a TLS handshake'
  const hasPriorities = priorities.paths.length > 0 || priorities.header !== ''
  if (hasPriorities && isTlsServer(server)) return 'the option priority needs the request, which is unknown before a TLS handshake'
  // In a worker, the cluster module may replace the handle with an object that has no socket.
  if (cluster.isWorker && handle.fd === undefined) return "the cluster's primary holds the listening socket (round-robin scheduling)"
  // The cluster module overrides close() on a handle that all workers share.
  if (cluster.isWorker && Object.hasOwn(handle, 'close')) return 'the cluster\'s workers share the listening socket'
  const isKnown = KNOWN_HANDLES.has(handle.constructor?.name) && handle.fd >= 0 &&
    [handle.onconnection, handle.constructor.prototype.open].every((method) => typeof method === 'function')
  if (!isKnown) return 'this version of Node.js accepts connections in an unknown way'
  return binding.knowsAcceptQueue(handle.fd) ? '' : 'this system does not report which connections wait on a Unix domain socket'
}

/** @param {any} server */
function isTlsServer (server) {
  const { Server } = require('node:tls') // required on use
  return server instanceof Server
}

module.exports = { Spill }
