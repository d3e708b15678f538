'use strict'

/**
 * Returns a complete 503 response, for connections for which Node has no response object.
 *
 * @param {number} retryAfter s
 * @param {string} body
 * @returns {string} has the header `Connection: close`
 */
function rawRefusal (retryAfter, body) {
  return 'HTTP/1.1 503 Service Unavailable\r\n' +
    `Retry-After: ${retryAfter}\r\n` +
    'Content-Type: text/plain; charset=utf-8\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\n` +
    `Connection: close\r\n\r\n${body}`
}

module.exports = { rawRefusal }
