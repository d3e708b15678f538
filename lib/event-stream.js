'use strict'

/**
 * Server-sent events: responses that go on until somebody leaves. An EventSource says in its request
 * what it is (HTML standard, section 9.2.2).
 */

const EVENT_STREAM = 'text/event-stream'

/**
 * Reads the raw headers: Node makes `headers` of them only where somebody asks, and most do not.
 *
 * @param {string[]} rawHeaders of a request, names and values in turn
 * @returns {boolean} whether the client asks for nothing but an event stream
 */
function isEventStream (rawHeaders) {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name.length === 6 && name.toLowerCase() === 'accept') return rawHeaders[i + 1] === EVENT_STREAM
  }
  return false
}

/**
 * @param {import('node:http').ServerResponse} res
 * @returns {boolean} whether it was an event stream that was sent
 */
function isEventStreamAnswer (res) {
  const type = res.getHeader?.('content-type')
  return typeof type === 'string' && type.startsWith(EVENT_STREAM)
}

module.exports = { isEventStream, isEventStreamAnswer }
