'use strict'

/**
 * Returns a complete 503 response, for connections for which Node has no response object.
 *
 * @param {number} retryAfter s
 * @param {{ type: string, body: string, headers?: Record<string, string> }} content `headers`: further ones
 * @returns {string} has the header `Connection: close`
 */
function rawRefusal (retryAfter, { type, body, headers = {} }) {
  return 'HTTP/1.1 503 Service Unavailable\r\n' +
    `Retry-After: ${retryAfter}\r\n` +
    `Content-Type: ${type}\r\n` +
    Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('') +
    `Content-Length: ${Buffer.byteLength(body)}\r\n` +
    `Connection: close\r\n\r\n${body}`
}

module.exports = { rawRefusal }
