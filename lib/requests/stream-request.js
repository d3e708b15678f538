'use strict'

/**
 * A request that arrived as an HTTP/2 stream, for servers that use the event 'stream'. It takes the place of Node's
 * request where there is none.
 */
class StreamRequest {
  httpVersionMajor = 2

  /**
   * @param {import('node:http2').ServerHttp2Stream} stream
   * @param {import('node:http2').IncomingHttpHeaders} headers
   */
  constructor (stream, headers) {
    this.stream = stream
    this.headers = headers
  }

  get method () {
    return this.headers[':method']
  }

  get url () {
    return this.headers[':path']
  }
}

module.exports = { StreamRequest }
