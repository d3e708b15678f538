'use strict'

const errors = () => require('./errors.js') // required on use

/** @typedef {import('./rows.js').OptionRow} OptionRow */

/**
 * Checks options and fills in the defaults. An option that is undefined counts as absent.
 *
 * @param {string} entry the entry point as the user knows it, such as `spillway/express`: messages begin with it
 * @param {Record<string, OptionRow>} table
 * @param {any} [given]
 * @param {string} [docs] the page that lists the options
 * @returns {any} all options of the table
 * @throws {TypeError | RangeError} with a `code`
 */
function readOptions (entry, table, given = {}, docs = 'docs/options.md') {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw errors().invalidOptions(entry, given)
  }
  return readMembers({ entry, docs, prefix: '' }, table, given)
}

/**
 * @param {import('./errors.js').Where} where
 * @param {Record<string, OptionRow>} table
 * @param {any} given
 * @returns {any}
 */
function readMembers (where, table, given) {
  const unknown = Object.keys(given).find((name) => given[name] !== undefined && !Object.hasOwn(table, name))
  if (unknown !== undefined) throw errors().unknownOption(where, table, unknown)
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, readOption(where, name, row, given[name])]))
}

/**
 * @param {import('./errors.js').Where} where
 * @param {string} name
 * @param {OptionRow} row
 * @param {any} value
 * @returns {any}
 */
function readOption (where, name, row, value) {
  if (value === undefined && !row.required) return row.default
  const hasType = row.hasType(value)
  if (!hasType || row.inRange?.(value) === false) throw errors().invalidOption(where, name, row, value, hasType ? RangeError : TypeError)
  return row.members === undefined ? value : readMembers({ ...where, prefix: `${where.prefix}${name}.` }, row.members, value)
}

module.exports = { readOptions }
