'use strict'

const { mostSpecificFirst } = require('./path-order.js')
const { isFunction } = require('../options/rows.js')

/** The highest first. Elsewhere, a priority is its position in this list, as in native code. */
const PRIORITIES = /** @type {const} */ (['critical', 'important', 'normal', 'background'])
const NORMAL = PRIORITIES.indexOf('normal')

/**
 * What makes requests more or less important, where native code can read it. src/accept_queue/priority_rule.h is its
 * counterpart.
 *
 * @typedef {object} PriorityRule
 * @property {[pattern: string, priority: number][]} paths
 * @property {string} header the name of the header in lower case; empty: none
 * @property {string[]} trusted addresses, and ranges of addresses in CIDR notation
 *
 * @param {any} priority the option; for a function, the rule is empty
 * @returns {PriorityRule}
 */
function priorityRule (priority) {
  if (priority === undefined || isFunction(priority)) return { paths: [], header: '', trusted: [] }
  const { header = '', trust = [], ...levels } = priority
  const paths = Object.entries(levels).flatMap(([level, patterns]) =>
    [patterns ?? []].flat().map((pattern) => /** @type {[string, number]} */ ([pattern, PRIORITIES.indexOf(/** @type {any} */ (level))])))
  return { paths, header: header.toLowerCase(), trusted: isFunction(trust) ? [] : [trust].flat() }
}

/**
 * @param {PriorityRule} rule
 * @returns {import('../native/binding.js').NativePriorityRule}
 */
function nativeRule ({ paths, header, trusted }) {
  const sorted = mostSpecificFirst(paths)
  return { paths: sorted.map(([pattern]) => pattern), levels: sorted.map(([, priority]) => priority), header, trusted }
}

module.exports = { NORMAL, PRIORITIES, nativeRule, priorityRule }
