'use strict'

/**
 * @typedef {import('./gate.js').Gate} Gate
 *
 * @typedef {object} Framework what the adapter declares about its framework
 * @property {import('../admission/classify.js').Routing} [routing] how to find the route of a request
 * @property {boolean} [answersForHandler] whether it ends the response when the client leaves, although the handler may
 *   still be running
 * @property {SpillTerms} spill
 *
 * @typedef {object} SpillTerms
 * @property {string} entry the entry point as the user knows it, for error messages
 * @property {any} options all options that the user gave, checked
 * @property {boolean} judgesAll whether the gate judges every request of its servers: the spill is then on by default
 * @property {string} [exemptPath] exempt in addition to the option `exempt`
 * @property {import('../accept-queue/spill-plan.js').SpillContent} [content] of the framework's own refusals, if their form
 *   is fixed
 */

/**
 * Creates a gate. The modules of the gate, and the native addon, are loaded by the first call, so an application whose
 * configuration turns shedding off does not pay for them.
 *
 * @param {any} settings the options of the gate, checked and complete
 * @param {Framework} framework
 * @returns {Gate}
 * @throws {TypeError} if `spill: true` conflicts with another option, or if an option requires another
 */
function createGate (settings, { spill: { entry, options, judgesAll, ...more }, ...framework }) {
  if (settings.weight !== undefined && settings.fairBy === undefined) {
    const { argumentError } = require('../options/errors.js') // required on use
    throw argumentError(TypeError, 'SPILLWAY_CONFLICTING_OPTIONS', `${entry}: option "weight" requires the option "fairBy"`)
  }
  const { planSpill } = require('../accept-queue/spill-plan.js') // required on use
  const { Gate } = require('./gate.js') // required on use
  return new Gate(settings, { ...framework, spillPlan: planSpill(entry, options, judgesAll, more) })
}

module.exports = { createGate }
