'use strict'

/** Whether a gate's options leave room for the spill, and what it answers then. */

const { backend, binding } = require('../native/binding.js')
const { argumentError } = require('../options/errors.js')
const { show } = require('../options/show.js')

/**
 * @typedef {object} SpillPlan
 * @property {string} why why there is no spill, or empty
 * @property {string[]} exempt paths
 */

// A fresh socket's buffer takes as much at once on every Linux.
const MOST_ANSWER_BYTES = 4096
const LONGEST_AUTO_RETRY_S = 16

const isGiven = (/** @type {unknown} */ value) => value !== undefined
/** Options that want to be asked, or obeyed, where nobody asks. */
const CONTRARY = [
  { name: 'respond', contradicts: isGiven, reason: 'the spill answers without JavaScript' },
  { name: 'errorMode', contradicts: Boolean, reason: 'the spill answers without the framework' },
  { name: 'customError', contradicts: isGiven, reason: 'the spill answers without the framework' },
  { name: 'exempt', contradicts: (/** @type {unknown} */ value) => typeof value === 'function', reason: 'the spill takes paths, and asks no function' }
]

/**
 * Whether a gate's options leave room for the spill.
 *
 * @param {string} entry
 * @param {any} options checked
 * @param {boolean} byDefault
 * @returns {string} why not, or empty
 * @throws {TypeError} where `spill: true` contradicts another option
 */
function hindrance (entry, options, byDefault) {
  const { spill, dryRun, maxDelay } = options
  if (spill === false) return 'the option spill is false'
  const contrary = CONTRARY.find(({ name, contradicts }) => contradicts(options[name]))
  if (contrary !== undefined) {
    const { name, reason } = contrary
    const given = show(options[name])
    if (spill) {
      throw argumentError(TypeError, 'SPILLWAY_CONFLICTING_OPTIONS',
        `${entry}: option "spill" cannot be true where "${name}" is given as ${given}: ${reason}`)
    }
    return `${reason}, and the option ${name} is given as ${given}`
  }
  if (spill === undefined && !byDefault) return 'it may be there for some paths only: the option spill is not true'
  if (maxDelay === false) return 'the option maxDelay is false'
  if (dryRun) return 'the option dryRun is true'
  if (backend === 'js') return 'the native addon is not loaded'
  if (!binding.canSpill) return 'this system does not tell what waits to be accepted'
  if (longestAnswer(options) > MOST_ANSWER_BYTES) return `the option message makes an answer of more than ${MOST_ANSWER_BYTES} bytes`
  return ''
}

/**
 * @param {string} entry
 * @param {any} options as the user gave them, checked
 * @param {boolean} byDefault
 * @param {string | undefined} [path] that is exempt too
 * @returns {SpillPlan}
 * @throws {TypeError} where `spill: true` contradicts another option
 */
function planSpill (entry, options, byDefault, path) {
  const why = hindrance(entry, options, byDefault)
  return { why, exempt: why === '' ? [options.exempt, path ?? []].flat() : [] }
}

/**
 * Whole answers: for 'auto', one for each number of seconds from 1 on.
 *
 * @param {{ retryAfter: number | 'auto', message: string }} options
 * @returns {string[]}
 */
function answers ({ retryAfter, message }) {
  const seconds = retryAfter === 'auto' ? Array.from({ length: LONGEST_AUTO_RETRY_S }, (_, i) => i + 1) : [retryAfter]
  return seconds.map((value) => 'HTTP/1.1 503 Service Unavailable\r\n' +
    `Retry-After: ${value}\r\n` +
    'Content-Type: text/plain; charset=utf-8\r\n' +
    `Content-Length: ${Buffer.byteLength(message)}\r\n` +
    `Connection: close\r\n\r\n${message}`)
}

/** @param {any} options */
function longestAnswer (options) {
  return Buffer.byteLength(/** @type {string} */ (answers(options).at(-1)))
}

module.exports = { answers, planSpill }
