'use strict'

/**
 * Server-sent events (HTML standard, section 9.2): such a response has no end of its own. It lasts until the client or
 * the server ends it.
 */

const EVENT_STREAM = /^text\/event-stream/i
const EVENT_STREAM_HEADER = /\r\ncontent-type:[ \t]*text\/event-stream/i

/**
 * @param {any} res Node's response, an Http2Stream, or the stand-in that an injected request gets
 * @returns {boolean} whether its head was sent and declares an event stream
 */
function isEventStream (res) {
  // A response of known length is no event stream. This check comes first, because reading the head is costly.
  if (typeof res._contentLength === 'number') return false
  // Headers that were passed only to writeHead() are stored nowhere else.
  if (typeof res._header === 'string') return EVENT_STREAM_HEADER.test(res._header)
  // An Http2Stream has no getHeader().
  const type = res.getHeader?.('content-type') ?? res.sentHeaders?.['content-type']
  return Boolean(res.headersSent) && EVENT_STREAM.test(String(type))
}

module.exports = { isEventStream }
