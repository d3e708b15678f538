'use strict'

const http = require('node:http')
const https = require('node:https')

// The alert that takes the place of a 503 before a TLS handshake. Node reports it in one of two ways.
const REFUSED_HANDSHAKE = 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'
const REFUSED_WRITE = /SSL alert number 80\b/
const RESET_CODES = ['ECONNRESET', 'EPIPE']

/**
 * Sends GET requests over HTTP/1 to one server.
 *
 * @param {import('./').Load} load
 * @returns {{ send: (settle: (outcome: string) => void) => void, close: () => void }} `settle` is called once for
 *   each request: with the status of a complete response, with `timeout` or `reset`, or with the code of another error. Nothing is sent after
 *   `close`
 */
function createSender ({ port, socketPath, transport, path = '/', connections, timeoutMs, name }) {
  const { Agent, get } = transport === 'https' ? https : http
  // Without cached sessions, every TLS connection needs a whole handshake.
  const agent = new Agent({ keepAlive: connections === 'kept', maxFreeSockets: Infinity, maxCachedSessions: 0 })
  const targets = [path].flat().flatMap(path => [name].flat().map(name => ({
    host: '127.0.0.1', port, socketPath, path, agent, rejectUnauthorized: false, ...name
  })))
  let sent = 0
  let closed = false

  function send (settle) {
    if (closed) return
    const request = get(targets[sent++ % targets.length])
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
      if (error.code === REFUSED_HANDSHAKE || REFUSED_WRITE.test(error.message)) finish('503')
      else finish(RESET_CODES.includes(error.code) ? 'reset' : error.code ?? error.message)
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
