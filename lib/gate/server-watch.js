'use strict'

const { DescriptorReserve } = require('../limits/descriptor-reserve.js')
const { ContinueWatch } = require('../requests/expect-continue.js')
const { expect } = require('../requests/listening-servers.js')

/** What a gate attaches to the servers of which it judges every request. */
class ServerWatch {
  #reserve
  #continueWatch
  /** @type {(() => void)[]} */
  #expectations = []

  /**
   * @param {{ maxFdRatio: number, dryRun: boolean }} options
   * @param {() => void} onDrop called for each connection that is closed on arrival
   */
  constructor (options, onDrop) {
    this.#reserve = new DescriptorReserve(options, onDrop)
    this.#continueWatch = options.dryRun ? undefined : new ContinueWatch()
  }

  /** How many connections were closed on arrival. */
  get droppedConnections () {
    return this.#reserve.dropped
  }

  /** @param {any} server */
  add (server) {
    this.#reserve.watch(server)
    this.#continueWatch?.watch(server)
    this.#expectations.push(expect(server))
  }

  close () {
    this.#reserve.close()
    this.#continueWatch?.close()
    for (const stop of this.#expectations) stop()
  }
}

module.exports = { ServerWatch }
