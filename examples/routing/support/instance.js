'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')
const http = require('node:http')

/**
 * Runs this script again in a child process, as a server that reports its port by `process.send({ port })`.
 *
 * @param {string} name its argument
 * @returns {Promise<{ port: number, stop: () => void }>}
 */
async function startInstance (name) {
  const child = fork(process.argv[1], [name])
  const [{ port }] = await once(child, 'message')
  return { port, stop: () => child.disconnect() }
}

/** A handler that keeps a request in flight until the client has sent its body. */
function hold (req, res) {
  res.flushHeaders()
  req.resume().once('end', () => res.end())
}

/**
 * Keeps a request of an instance in flight.
 *
 * @param {number} port
 * @returns {Promise<() => Promise<void>>} ends it
 */
async function holdOne (port) {
  const request = http.request({ host: '127.0.0.1', port, path: '/hold', method: 'POST' })
  request.flushHeaders()
  const [response] = await once(request, 'response')
  return async () => {
    request.end()
    await once(response.resume(), 'end')
  }
}

/**
 * Sends one request on a new connection.
 *
 * @param {number} port
 * @param {string} [path]
 * @param {http.RequestOptions} [options]
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, body: string }>}
 */
async function ask (port, path = '/', options = {}) {
  const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options }).end()
  const [response] = await once(request, 'response')
  const body = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode, headers: response.headers, body }
}

/**
 * Sends requests, one after the other.
 *
 * @param {number} requests
 * @param {() => Promise<{ status: number, body: string }>} askOnce
 * @returns {Promise<string>} the number of times that each answer occurred: the body of each 200, the status of the others
 */
async function tally (requests, askOnce) {
  const counts = /** @type {Record<string, number>} */ ({})
  for (let i = 0; i < requests; i++) {
    const { status, body } = await askOnce()
    const answer = status === 200 ? body : String(status)
    counts[answer] = (counts[answer] ?? 0) + 1
  }
  return Object.keys(counts).sort().map(answer => `${counts[answer]} x ${answer}`).join(', ')
}

module.exports = { startInstance, hold, holdOne, ask, tally }
