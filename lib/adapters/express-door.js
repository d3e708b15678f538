'use strict'

/**
 * Refuses requests before Express sees them, because Express takes longer to reach its first layer than the refusal does.
 * The middleware would refuse them as that first layer, in the same way. Not used if a function of the user expects
 * Express's request.
 */

const { interceptRequests } = require('./server-events.js')
const { answer } = require('../gate/refusal.js')

class ExpressDoor {
  #gate
  #proof
  #message
  /** For each guarded server, the function that undoes it. @type {Map<any, () => void>} */
  #undo = new Map()

  /**
   * @param {import('../gate/gate.js').Gate} gate
   * @param {import('./express-proof.js').ExpressProof} proof
   * @param {string | object} message
   */
  constructor (gate, proof, message) {
    this.#gate = gate
    this.#proof = proof
    this.#message = message
  }

  /** @param {any} server of which the middleware judges every request */
  guard (server) {
    if (this.#undo.has(server)) return
    const undo = interceptRequests(server, { request: (req, res) => this.#refuses(server, req, res), takeover: () => false })
    const onClose = () => this.#leave(server)
    server.once('close', onClose)
    this.#undo.set(server, () => {
      server.removeListener('close', onClose)
      undo()
    })
  }

  /** @param {any} server @param {any} req @param {any} res */
  #refuses (server, req, res) {
    // Without the proof, other middleware may answer some requests before this one judges them.
    if (req.httpVersionMajor !== 1 || !this.#proof.holdsFor(server)) return false
    const info = this.#gate.decide(req, res, req)
    if (info === null) return false
    answer(res, info, this.#message)
    return true
  }

  /** @param {any} server */
  #leave (server) {
    this.#undo.get(server)?.()
    this.#undo.delete(server)
  }

  close () {
    for (const server of this.#undo.keys()) this.#leave(server)
  }
}

module.exports = { ExpressDoor }
