'use strict'

const { argumentError } = require('./errors.js')
const { nearestName } = require('./nearest-name.js')
const { show } = require('./show.js')

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
    throw argumentError(TypeError, 'SPILLWAY_INVALID_ARGUMENT', `${entry}: options must be an object, got ${show(given)}`)
  }
  return readMembers({ entry, docs, prefix: '' }, table, given)
}

/**
 * @param {{ entry: string, docs: string, prefix: string }} where `prefix`: the path of an option that is an object
 * @param {Record<string, OptionRow>} table
 * @param {any} given
 * @returns {any}
 */
function readMembers (where, table, given) {
  const unknown = Object.keys(given).find((name) => given[name] !== undefined && !Object.hasOwn(table, name))
  if (unknown !== undefined) throw unknownOption(where, table, unknown)
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, readOption(where, name, row, given[name])]))
}

/**
 * @param {{ entry: string, docs: string, prefix: string }} where
 * @param {string} name
 * @param {OptionRow} row
 * @param {any} value
 * @returns {any}
 */
function readOption (where, name, row, value) {
  if (value === undefined && !row.required) return row.default
  const fullName = where.prefix + name
  const hasType = row.hasType(value)
  if (!hasType || row.inRange?.(value) === false) {
    throw argumentError(hasType ? RangeError : TypeError, 'SPILLWAY_INVALID_OPTION',
      `${where.entry}: option "${fullName}" takes ${row.takes}, got ${show(value)}`)
  }
  return row.members === undefined ? value : readMembers({ ...where, prefix: `${fullName}.` }, row.members, value)
}

/**
 * @param {{ entry: string, docs: string, prefix: string }} where
 * @param {Record<string, OptionRow>} table
 * @param {string} name
 */
function unknownOption ({ entry, docs, prefix }, table, name) {
  const near = nearestName(name, table)
  const help = near === undefined ? `; ${docs} lists the options` : `. Did you mean "${prefix}${near}"?`
  return argumentError(TypeError, 'SPILLWAY_UNKNOWN_OPTION', `${entry}: unknown option "${prefix}${name}"${help}`)
}

module.exports = { readOptions }
