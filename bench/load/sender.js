'use strict'

const http = require('node:http')

const RESET_CODES = ['ECONNRESET', 'EPIPE']

/**
 * Sends GET requests to one server.
 *
 * @param {{ port: number, path?: string | string[], connections: 'new' | 'kept', timeoutMs: number }} load
 * @returns {{ send: (settle: (outcome: string) => void) => void, close: () => void }} `settle` is called once for
 *   each request: with the status of a complete response, with `timeout` or `reset`, or with the code of another error. Nothing is sent after
 *   `close`
 */
function createSender ({ port, path = '/', connections, timeoutMs }) {
  const agent = new http.Agent({ keepAlive: connections === 'kept', maxFreeSockets: Infinity })
  const targets = [path].flat().map(path => ({ host: '127.0.0.1', port, path, agent }))
  let sent = 0
  let closed = false

  function send (settle) {
    if (closed) return
    const request = http.get(targets[sent++ % targets.length])
    const timer = setTimeout(() => {
      finish('timeout')
      request.destroy()
    }, timeoutMs)
    let finished = false

    function finish (outcome) {
      if (finished) return
      finished = true
      clearTimeout(timer)
      settle(outcome)
    }

    function fail (error) {
      finish(RESET_CODES.includes(error.code) ? 'reset' : error.code ?? error.message)
    }

    request.on('error', fail)
    request.on('response', response => {
      response.on('error', fail)
      response.on('end', () => finish(String(response.statusCode)))
      response.resume()
    })
  }

  function close () {
    closed = true
    agent.destroy()
  }

  return { send, close }
}

module.exports = createSender
