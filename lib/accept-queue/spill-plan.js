'use strict'

/** Decides from a gate's options whether the spill can be on, and prepares its answers. */

const { rawRefusal } = require('./raw-refusal.js')
const { contentOf } = require('./content.js')
const { clientRule } = require('./client-rule.js')
const { priorityRule } = require('./priority-rule.js')
const { backend, binding } = require('../native/binding.js')
const { isFunction } = require('../options/rows.js')

/**
 * @typedef {object} SpillPlan
 * @property {string} whyNot why the spill is off; empty if it can be on
 * @property {string[]} exempt path patterns
 * @property {string[]} answers complete HTTP responses; for the Retry-After 'auto', the nth has n seconds
 * @property {number} bodyBytes length of their body
 * @property {import('./client-rule.js').ClientRule} clients what tells clients apart, if they have fair shares
 * @property {import('./priority-rule.js').PriorityRule} priorities which requests are more important, if they have priorities
 *
 * @typedef {object} SpillContent of the answers
 * @property {string} type
 * @property {string} body
 * @property {Record<string, string>} [headers] further ones
 */

// On every version of Linux, the send buffer of a new socket takes at least this much at once.
const MOST_ANSWER_BYTES = 4096
// For `retryAfter: 'auto'` there is one prepared answer for each number of seconds from 1 to this.
const MOST_RETRY_S = 16

const isGiven = (/** @type {unknown} */ value) => value !== undefined

/** Options that need JavaScript or the framework for each refusal. */
const CONFLICTING_OPTIONS = [
  { name: 'respond', conflicts: isGiven, reason: 'the spill answers without JavaScript' },
  { name: 'errorMode', conflicts: Boolean, reason: 'the spill answers without the framework' },
  { name: 'customError', conflicts: isGiven, reason: 'the spill answers without the framework' },
  { name: 'exempt', conflicts: isFunction, reason: 'the spill compares paths, and calls no function' },
  { name: 'fairBy', conflicts: isFunction, reason: 'the spill reads addresses and headers, and calls no function' },
  { name: 'priority', conflicts: asksFunction, reason: 'the spill compares paths and reads headers, and calls no function' }
]

/** @param {any} priority the option */
function asksFunction (priority) {
  return isFunction(priority) || isFunction(priority?.trust)
}

/**
 * @param {string} entry
 * @param {any} options checked
 * @param {boolean} byDefault whether the gate judges every request of its servers
 * @param {string} longest answer
 * @returns {string} why the spill is off; empty if it can be on
 * @throws {TypeError} if `spill: true` conflicts with another option
 */
function whyNotWith (entry, options, byDefault, longest) {
  const { spill, dryRun, maxDelay } = options
  if (spill === false) return 'the option spill is false'
  const conflict = CONFLICTING_OPTIONS.find(({ name, conflicts }) => conflicts(options[name]))
  if (conflict !== undefined) {
    const { name, reason } = conflict
    const { show } = require('../options/show.js') // required on use
    const given = show(options[name])
    if (spill) {
      const { argumentError } = require('../options/errors.js') // required on use
      throw argumentError(TypeError, 'SPILLWAY_CONFLICTING_OPTIONS',
        `${entry}: option "spill" cannot be true when "${name}" is given as ${given}: ${reason}`)
    }
    return `${reason}, and the option ${name} is given as ${given}`
  }
  if (spill === undefined && !byDefault) return 'the gate may judge only some paths of the server, and the option spill is not true'
  if (maxDelay === false) return 'the option maxDelay is false'
  if (dryRun) return 'the option dryRun is true'
  if (backend === 'js') return 'the native addon is not loaded'
  if (!binding.canSpill) return 'this system does not report which connections wait to be accepted'
  if (Buffer.byteLength(longest) > MOST_ANSWER_BYTES) return `the option message makes the answer longer than ${MOST_ANSWER_BYTES} bytes`
  return ''
}

/**
 * @param {string} entry
 * @param {any} options as the user gave them, checked
 * @param {boolean} byDefault whether the gate judges every request of its servers: the spill is then on by default
 * @param {object} [more]
 * @param {string} [more.exemptPath] exempt in addition to `options.exempt`
 * @param {SpillContent} [more.content] of the framework's own refusals, if their form is fixed; default: what
 *   `options.message` says
 * @returns {SpillPlan}
 * @throws {TypeError} if `spill: true` conflicts with another option
 */
function planSpill (entry, options, byDefault, { exemptPath, content = contentOf(options.message) } = {}) {
  const answers = answersOf(options.retryAfter, content)
  const whyNot = whyNotWith(entry, options, byDefault, /** @type {string} */ (answers.at(-1)))
  const exempt = whyNot === '' ? [options.exempt, exemptPath ?? []].flat() : []
  return { whyNot, exempt, answers, bodyBytes: Buffer.byteLength(content.body), clients: clientRule(options.fairBy), priorities: priorityRule(options.priority) }
}

/**
 * @param {number | 'auto'} retryAfter
 * @param {SpillContent} content
 */
function answersOf (retryAfter, content) {
  const seconds = retryAfter === 'auto' ? Array.from({ length: MOST_RETRY_S }, (_, i) => i + 1) : [retryAfter]
  return seconds.map((value) => rawRefusal(value, content))
}

module.exports = { planSpill }
