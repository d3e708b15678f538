'use strict'

/** Server-sent events (HTML standard, section 9.2): responses that go on until somebody leaves. */

const EVENT_STREAM = /^text\/event-stream/i
const EVENT_STREAM_HEADER = /\r\ncontent-type:[ \t]*text\/event-stream/i

/**
 * @param {any} res Node's response, or what an injected request is answered on
 * @returns {boolean} whether its head was sent, and says that it is an event stream
 */
function isEventStream (res) {
  // One whose length is known has an end. This is asked of every response, and reading its head is costly.
  if (typeof res._contentLength === 'number') return false
  // Node keeps nowhere else what was given to writeHead() alone.
  if (typeof res._header === 'string') return EVENT_STREAM_HEADER.test(res._header)
  return Boolean(res.headersSent) && EVENT_STREAM.test(String(res.getHeader?.('content-type')))
}

module.exports = { isEventStream }
