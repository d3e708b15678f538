'use strict'

/**
 * The plan of an adapter that does not support the spill.
 *
 * @type {import('./spill-plan.js').SpillPlan}
 */
const NO_PLAN = {
  whyNot: 'the adapter does not support it', exempt: [], answers: [], bodyBytes: 0, clients: { header: '', proxies: 0 }, priorities: { paths: [], header: '', trusted: [] }
}

/**
 * Creates the spill of a gate. "Spill" is this project's own word: refusing connections, in native code, while they still
 * wait in the accept queue.
 *
 * @param {import('../native/types.js').NativeController} controller
 * @param {any} options of the gate, checked and complete
 * @param {import('./spill-plan.js').SpillPlan} plan
 * @param {((report: import('./spill.js').SpillReport) => void) | undefined} onRefusals called at most once per turn of the loop
 */
function createSpill (controller, options, plan, onRefusals) {
  if (plan.whyNot !== '') return new NoSpill(plan.whyNot)
  const { Spill } = require('./spill.js') // required on use
  return new Spill(controller, options, plan, onRefusals)
}

/** Takes the place of the spill when it is off. */
class NoSpill {
  isOn = false
  #whyNot

  /** @param {string} whyNot */
  constructor (whyNot) {
    this.#whyNot = whyNot
  }

  /** @param {any} _server */
  watch (_server) {}

  /** @param {any} _server */
  watchAgain (_server) {}

  /** @param {string} _why */
  forbid (_why) {}

  close () {}

  /** @returns {import('./spill.js').SpillSnapshot} */
  snapshot () {
    return { active: false, why: this.#whyNot, sockets: 0, spilled: 0, handshakes: 0, handedOver: 0, dropped: 0, lingeringCloses: 0 }
  }
}

module.exports = { NO_PLAN, createSpill }
