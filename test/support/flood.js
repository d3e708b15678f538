'use strict'

const net = require('node:net')

const TICK_MS = 1
// Of one that does not go away when it has its answer.
const STAYS_MS = 400
const PATIENCE_MS = 2000

/**
 * @typedef {object} Talk what a client sends on a connection of its own
 * @property {string} text
 * @property {string} [rest] sent `afterMs` later
 * @property {number} [afterMs]
 * @property {number} [requests] in it; default 1
 * @property {boolean} [stays] does not go away when it is answered
 */

/**
 * Starts connections on a clock, each with its talk, for so long.
 *
 * @param {number} port of 127.0.0.1
 * @param {{ talk: Talk, rate: number }[]} clients connections a second
 * @param {number} durationMs
 * @returns {Promise<{ started: number, served: number }[]>} for each of `clients`; served: answered 200 or 101
 */
async function flood (port, clients, durationMs) {
  const results = clients.map(() => ({ started: 0, served: 0 }))
  const starts = clients.flatMap(({ talk, rate }, i) => Array.from({ length: rate * durationMs / 1000 },
    () => ({ atMs: Math.random() * durationMs, talk, result: results[i] })))
  // By time alone: of those that wait to be accepted, the place in the queue decides.
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
