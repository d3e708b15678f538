'use strict'

/**
 * Clients that misbehave or do unusual things: they leave before the response, pipeline requests, send garbage or an incomplete
 * head, or request unknown paths. Each kind connects `perSecond` times a second, on its own connections.
 */

const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')

const answer = require('../child/answer')
const { PATTERNS, RANDOM_PATHS } = require('./settings')

const MAX_LIFETIME_MS = 2000 // of a connection, even if the server keeps it open

const pick = (n) => Math.floor(Math.random() * n)
const get = (path) => `GET ${path} HTTP/1.1\r\nHost: soak\r\n\r\n`
const known = () => get(`/route${pick(PATTERNS)}/${pick(RANDOM_PATHS)}`)
const unknown = () => get(`/${pick(RANDOM_PATHS).toString(36)}/${pick(RANDOM_PATHS)}`)

/** By kind: what the client sends, and for how many ms it stays. */
const kinds = {
  aborts: () => [known(), pick(30)],
  resets: () => [known(), 0],
  pipelined: () => [known() + unknown() + known(), MAX_LIFETIME_MS],
  garbage: () => [Buffer.from(Array.from({ length: 1 + pick(400) }, () => pick(256))), MAX_LIFETIME_MS],
  halfHeads: () => [known().slice(0, 1 + pick(20)), 100 + pick(400)],
  randomPaths: () => [unknown() + unknown() + unknown() + unknown(), MAX_LIFETIME_MS]
}

answer(async ({ port, durationMs, perSecond }) => {
  const counts = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, 0]))
  const open = new Set()
  const startMs = performance.now()
  for (let rounds = 0; performance.now() - startMs < durationMs; rounds++) {
    for (const kind of Object.keys(kinds)) {
      counts[kind]++
      const done = send(port, kind)
      open.add(done)
      done.finally(() => open.delete(done))
    }
    await sleep(startMs + (rounds + 1) * 1000 / perSecond - performance.now())
  }
  await Promise.all(open)
  return counts
})

/** @param {number} port @param {string} kind */
async function send (port, kind) {
  const [data, stayMs] = kinds[kind]()
  const socket = net.connect(port, '127.0.0.1')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.resume()
  socket.write(data, () => {
    if (kind === 'resets') socket.resetAndDestroy()
  })
  const timer = setTimeout(() => socket.destroy(), stayMs || MAX_LIFETIME_MS)
  await closed
  clearTimeout(timer)
}
