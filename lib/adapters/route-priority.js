'use strict'

const { PRIORITIES } = require('../accept-queue/priority-rule.js')
const { readOptions } = require('../options/read.js')
const { oneOfRow } = require('../options/rows.js')

/** The option of a route. */
const routePriorityRow = oneOfRow(...PRIORITIES)
const table = { priority: routePriorityRow }

/**
 * @param {string} entry for error messages
 * @param {any} own the options of a route
 * @returns {number | undefined} the priority of its requests: its position in PRIORITIES
 * @throws {TypeError | RangeError} for an unknown or invalid option
 */
function routePriority (entry, own) {
  const { priority } = readOptions(entry, table, own)
  return priority === undefined ? undefined : PRIORITIES.indexOf(priority)
}

module.exports = { routePriority, routePriorityRow }
