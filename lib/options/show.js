'use strict'

const { inspect } = require('node:util')

const MAX_SHOWN_CHARACTERS = 40
const MAX_SHOWN_ELEMENTS = 3

/**
 * @param {unknown} value
 * @returns {string} the value as error messages show it: short and on one line
 */
function show (value) {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return showString(value)
  if (Array.isArray(value)) {
    return inspect(value, {
      depth: 0, breakLength: Infinity, maxStringLength: MAX_SHOWN_CHARACTERS, maxArrayLength: MAX_SHOWN_ELEMENTS
    })
  }
  if (typeof value !== 'object' || value === null) return inspect(value)
  const className = value.constructor?.name
  return typeof className === 'string' && !['', 'Object'].includes(className) ? `an instance of ${className}` : 'an object'
}

/** @param {string} text */
function showString (text) {
  const omitted = text.length - MAX_SHOWN_CHARACTERS
  if (omitted <= 0) return JSON.stringify(text)
  return `${JSON.stringify(text.slice(0, MAX_SHOWN_CHARACTERS))}... ${omitted} more characters`
}

module.exports = { show }
