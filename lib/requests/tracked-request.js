'use strict'

/**
 * A gate's in-flight entry, as far as its request has to know it. A gate that enforces and gates in dry run may all admit
 * one request.
 *
 * @typedef {object} Entry
 * @property {Entry | null} next the entry of another gate
 * @property {boolean} answersForHandler whether the framework ends the response to a client that has left, while the
 *   handler may still be running
 * @property {() => number} patienceMs how long the request stays in flight after its client has left, while its handler
 *   has not ended
 * @property {(outcome: number, status?: number) => void} end called once; `status` is that of a response that was sent
 */

/**
 * What is known about a request from the moment Node has parsed its head, in one place: frameworks wrap Node's objects
 * in their own, and reading those is costly.
 */
class TrackedRequest {
  /** Whether a gate that enforces has judged it: one such gate judges a request. */
  judged = false
  /** The gates in dry run that have judged it. @type {object[] | null} */
  dryRunGates = null
  /** The latest of its in-flight entries. @type {Entry | null} */
  entry = null
  /** Node's response, once a gate has admitted the request. @type {any} */
  res = null
  /** Settles when its handler has finished, if the framework tells. @type {PromiseLike<unknown> | null} */
  handled = null
  /** The key of its class, if that had no class of its own when the request arrived. */
  candidate = ''
  /** Its client waits for 100 (Continue) before it sends the body. */
  awaitsContinue = false
  /** Its client has left. */
  abandoned = false
  /** Its response was sent, or its client has left and its handler has finished. */
  finished = false

  /**
   * @param {string} method
   * @param {string} url the request target, as the client sent it
   * @param {string[]} rawHeaders names and values in turn
   * @param {number} waitMs what it waited before its handler; below 0 if the kernel does not tell
   * @param {boolean} queued whether its connection has just come through the accept queue
   * @param {import('./connection.js').Connection | null} connection null if it did not arrive over HTTP/1
   */
  constructor (method, url, rawHeaders, waitMs, queued, connection) {
    this.method = method
    this.url = url
    this.rawHeaders = rawHeaders
    this.waitMs = waitMs
    this.queued = queued
    this.connection = connection
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
