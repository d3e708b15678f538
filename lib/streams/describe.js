'use strict'

const { inspect } = require('node:util')

/**
 * @param {unknown} value
 * @returns {string} the value as an error message shows it: short, on one line
 */
function describe (value) {
  if (typeof value === 'function') return `function ${value.name}`.trimEnd()
  return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 40, maxArrayLength: 3 })
}

module.exports = { describe }
