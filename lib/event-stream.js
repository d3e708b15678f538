'use strict'

/** Server-sent events (HTML standard, section 9.2): responses that go on until somebody leaves. */

const EVENT_STREAM = 'text/event-stream'
const CONTENT_TYPE = 'content-type'

/**
 * @param {import('node:http').ServerResponse} res whose head was just written
 * @param {unknown} headers that were given with it, if any: an object, or an array of names and values in turn
 * @returns {boolean} whether it begins an event stream
 */
function isEventStreamHead (res, headers) {
  const type = givenType(headers) ?? res.getHeader?.(CONTENT_TYPE)
  return typeof type === 'string' && type.toLowerCase().startsWith(EVENT_STREAM)
}

/**
 * Node does not keep such headers where none was set before.
 *
 * @param {any} headers
 * @returns {unknown}
 */
function givenType (headers) {
  if (typeof headers !== 'object' || headers === null) return undefined
  if (!Array.isArray(headers)) {
    for (const name in headers) if (isContentType(name)) return headers[name]
    return undefined
  }
  const flat = headers.flat()
  const at = flat.findIndex((name, i) => i % 2 === 0 && isContentType(String(name)))
  return at < 0 ? undefined : flat[at + 1]
}

/** @param {string} name */
function isContentType (name) {
  return name.length === CONTENT_TYPE.length && name.toLowerCase() === CONTENT_TYPE
}

module.exports = { isEventStreamHead }
