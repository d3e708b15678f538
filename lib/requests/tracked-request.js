'use strict'

const { binding } = require('../native/binding.js')
const { UNKNOWN_TURN, turnNumber } = require('../loop/turn-number.js')

/**
 * The part of a gate's in-flight entry that the request uses. A request has several entries if it is also admitted by
 * gates in dry run.
 *
 * @typedef {object} Entry
 * @property {Entry | null} next the entry of another gate
 * @property {boolean} answersForHandler whether the framework ends the response when the client leaves, although the
 *   handler may still be running
 * @property {() => number} patienceMs how long the request stays in flight after its client has left, unless its handler
 *   finishes earlier
 * @property {(outcome: number) => void} end called once
 */

/**
 * What is known about a request once Node has parsed its head. Frameworks wrap Node's objects in their own, which are
 * costly to read.
 */
class TrackedRequest {
  /** The turn of the event loop in which it arrived; UNKNOWN_TURN if that is not known. */
  turn = UNKNOWN_TURN
  /** Node announced it to the watch, and so will announce the end of its response. */
  isAnnounced = false
  /** Whether a gate that is not in dry run has judged it. Only one such gate judges a request. */
  judged = false
  /** The gates in dry run that have judged it. @type {object[] | null} */
  dryRunGates = null
  /** The latest of its in-flight entries. @type {Entry | null} */
  entry = null
  /** Node's response, once a gate has admitted the request. @type {any} */
  res = null
  /** Settles when its handler has finished, if the framework reports that. @type {PromiseLike<unknown> | null} */
  handled = null
  /** The key of its route or name, if that had no class of its own when the request arrived; otherwise empty. */
  candidate = ''
  /** The name of its client, for the gate that needed it last. @type {{ by: object, name: string } | null} */
  client = null
  /** The priority that the framework's own options give its route: its position in PRIORITIES. @type {number | undefined} */
  routePriority = undefined
  /** Its priority, for the gate that needed it last. @type {{ by: object, value: number } | null} */
  priority = null
  /** When its client stops waiting for the response, by `performance.now()`; Infinity if that is not known. */
  deadlineAt = Infinity
  /** What its handler sees, if it has looked. @type {import('./request-view.js').RequestView | null} */
  view = null
  /** Its client waits for 100 (Continue) before it sends the body. */
  awaitsContinue = false
  /** Its client has left. */
  abandoned = false
  /** Its response was sent, or its client has left and its handler has finished. */
  finished = false

  /**
   * @param {any} raw Node's request
   * @param {string} method
   * @param {string} url the request target, as the client sent it
   * @param {number} waitNs how long it waited, according to the kernel; negative if the kernel does not report it
   * @param {boolean} queued whether its connection has just come through the accept queue
   * @param {import('./connection.js').Connection | null} connection null if it did not arrive over HTTP/1
   * @param {'kernel' | 'loop'} [source] what measured `waitNs`
   */
  constructor (raw, method, url, waitNs, queued, connection, source = waitNs >= 0 ? 'kernel' : 'loop') {
    this.raw = raw
    this.method = method
    this.url = url
    /** How long it waited before it was read. */
    this.waitNs = waitNs >= 0 ? waitNs : binding.longestWaitNs()
    /** What measured the wait. */
    this.source = source
    this.queued = queued
    this.connection = connection
  }

  /** Whether it has arrived in the running turn of the event loop; false if that is not known. */
  get isNew () {
    return this.turn !== UNKNOWN_TURN && this.turn === turnNumber()
  }

  /** @param {{ isDryRun: boolean }} gate */
  isJudgedBy (gate) {
    return gate.isDryRun ? this.dryRunGates !== null && this.dryRunGates.includes(gate) : this.judged
  }

  /** @param {{ isDryRun: boolean }} gate */
  setJudgedBy (gate) {
    if (!gate.isDryRun) this.judged = true
    else if (this.dryRunGates === null) this.dryRunGates = [gate]
    else this.dryRunGates.push(gate)
  }

  /** @param {any} res Node's response */
  sendContinue (res) {
    this.awaitsContinue = false
    if (!res.headersSent) res.writeContinue()
  }
}

module.exports = { TrackedRequest }
