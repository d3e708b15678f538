'use strict'

/** Server-sent events (HTML standard, section 9.2): responses that go on until somebody leaves. */

const EVENT_STREAM = 'text/event-stream'
const EVENT_STREAM_HEADER = /\r\ncontent-type:[ \t]*text\/event-stream/i

/**
 * @param {any} res Node's response, or what an injected request is answered on
 * @returns {boolean} whether its head was sent, and says that it is an event stream
 */
function isEventStream (res) {
  // One whose length is known has an end. This is asked of every response, and to read its head is dear.
  if (res.chunkedEncoding === false && res.shouldKeepAlive === true) return false
  // Node keeps nowhere else what was given to writeHead() alone.
  const head = res._header
  if (typeof head === 'string') return head.includes(EVENT_STREAM) && EVENT_STREAM_HEADER.test(head)
  if (!res.headersSent) return false
  const type = res.getHeader?.('content-type')
  return typeof type === 'string' && type.startsWith(EVENT_STREAM)
}

module.exports = { isEventStream }
