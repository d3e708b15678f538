'use strict'

const net = require('node:net')

const TICK_MS = 1
// For a client that keeps its connection after the answer.
const STAYS_MS = 400
const PATIENCE_MS = 2000

/**
 * @typedef {object} Talk what a client sends on its own connection
 * @property {string} text
 * @property {string} [rest] sent `afterMs` later
 * @property {number} [afterMs]
 * @property {number} [requests] how many requests it sends; default 1
 * @property {boolean} [stays] keeps the connection after the answer
 */

/**
 * Opens connections at random times; each sends the text of its `talk`.
 *
 * @param {number} port of 127.0.0.1
 * @param {{ talk: Talk, rate: number }[]} clients rate: connections per second
 * @param {number} durationMs
 * @returns {Promise<{ started: number, served: number }[]>} for each of `clients`; served: answered with 200 or 101
 */
async function flood (port, clients, durationMs) {
  const results = clients.map(() => ({ started: 0, served: 0 }))
  const starts = clients.flatMap(({ talk, rate }, i) => Array.from({ length: rate * durationMs / 1000 },
    () => ({ atMs: Math.random() * durationMs, talk, result: results[i] })))
  // Sorted by time, so that the position in the accept queue does not depend on the kind of client.
  starts.sort((a, b) => a.atMs - b.atMs)
  const ends = []
  const begin = performance.now()
  for (const { atMs, talk, result } of starts) {
    while (performance.now() - begin < atMs) await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    ends.push(converse(port, talk, result))
  }
  await Promise.all(ends)
  return results
}

function converse (port, { text, rest, afterMs, stays }, result) {
  result.started++
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(text)
      if (rest !== undefined) setTimeout(() => socket.write(rest), afterMs)
    })
    const timer = setTimeout(() => socket.resetAndDestroy(), stays ? STAYS_MS : PATIENCE_MS)
    socket.on('error', () => {})
    socket.once('data', (data) => {
      if (/^HTTP\/1.1 (?:200|101)/.test(String(data.subarray(0, 12)))) result.served++
      if (!stays) socket.resetAndDestroy()
    })
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

module.exports = { flood }
