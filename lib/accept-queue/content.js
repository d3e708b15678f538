'use strict'

/**
 * What the option `message` makes the content of a refusal.
 *
 * @typedef {object} Content
 * @property {string} type the Content-Type
 * @property {string} body
 */

const TEXT = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * @param {string | object} message
 * @returns {Content} the message itself, or an object as JSON
 */
function contentOf (message) {
  return typeof message === 'string' ? { type: TEXT, body: message } : jsonOf(message)
}

/**
 * @param {object} value
 * @returns {Content}
 */
function jsonOf (value) {
  return { type: JSON_TYPE, body: JSON.stringify(value) }
}

module.exports = { contentOf, jsonOf }
