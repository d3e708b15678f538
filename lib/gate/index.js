'use strict'

/**
 * @typedef {import('./gate.js').Gate} Gate
 *
 * @typedef {object} Framework what the adapter says of its framework
 * @property {import('../admission/classify.js').Routing} [routing] how it tells a request's route
 * @property {boolean} [answersForHandler] whether it ends the response to a client that has left, while the handler may
 *   still be running
 * @property {SpillTerms} spill
 *
 * @typedef {object} SpillTerms
 * @property {string} entry the entry point as the user knows it, for error messages
 * @property {any} options all that the user gave, checked
 * @property {boolean} judgesAll whether the gate judges every request of its servers: the spill is then on by default
 * @property {string} [exemptPath] exempt in addition to the option `exempt`
 */

/**
 * Creates a gate. The gate, and with it the native addon, is loaded by the first call: an application that switches
 * shedding off by its configuration does not pay for it.
 *
 * @param {any} settings the options of the gate, checked and complete
 * @param {Framework} framework
 * @returns {Gate}
 * @throws {TypeError} if `spill: true` conflicts with another option
 */
function createGate (settings, { spill: { entry, options, judgesAll, exemptPath }, ...framework }) {
  const { planSpill } = require('../accept-queue/spill-plan.js') // required on use
  const { Gate } = require('./gate.js') // required on use
  return new Gate(settings, { ...framework, spillPlan: planSpill(entry, options, judgesAll, exemptPath) })
}

module.exports = { createGate }
