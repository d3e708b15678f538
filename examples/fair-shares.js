'use strict'

/**
 * Two tenants share a server, and one of them runs wild: it sends three times as many requests as the server can serve.
 * What each of them gets, without and with fair shares:
 *
 *     node examples/fair-shares.js
 */

const { fork } = require('node:child_process')
const { once } = require('node:events')
const http = require('node:http')
const { setImmediate: nextTurn } = require('node:timers/promises')

const HEADER = 'x-tenant'

// The server is a process of its own, so that the clients do not take its time.
async function serve (fairBy) {
  const { guard } = require('spillway/http')
  const server = http.createServer(async (req, res) => {
    await work()
    res.end('done\n')
  })
  const gate = guard(server, { fairBy })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send({ port: server.address().port })
  process.on('message', () => process.send({ clients: gate.snapshot().clients }))
}

/** 5 ms of CPU time in turns of 1 ms, so the capacity is almost 200 requests a second. */
async function work () {
  for (let turns = 0; turns < 5; turns++) {
    const end = performance.now() + 1
    while (performance.now() < end);
    await nextTurn()
  }
}

// From here on: the demonstration.

const SECONDS = Number(process.env.SECONDS ?? 8)
const SETTLING_MS = 2000
const USEFUL_MS = 200
const TENANTS = { calm: 30, wild: 600 } // requests per second
const AGENT = new http.Agent({ keepAlive: true })

async function demonstrate () {
  console.log(`Tenant "calm" sends ${TENANTS.calm} requests a second, tenant "wild" ${TENANTS.wild}. Answered within ${USEFUL_MS} ms:\n`)
  await show('without fair shares', '')
  await show(`with fairBy: { header: '${HEADER}' }`, HEADER)
}

async function show (what, header) {
  const server = fork(__filename, { env: { ...process.env, FAIR_BY: header } })
  const [{ port }] = await once(server, 'message')
  const names = Object.keys(TENANTS)
  const shares = await Promise.all(names.map((name) => load(port, name, TENANTS[name])))
  server.send('clients?')
  const [{ clients }] = await once(server, 'message')
  server.kill()
  const texts = names.map((name, i) => `${name} ${(100 * shares[i]).toFixed(0)} %`)
  console.log(`${what.padEnd(38)}${texts.join(', ')}`)
  if (clients !== undefined) console.table(clients)
}

/** Sends requests at random times. Returns the share that was answered in time. */
async function load (port, tenant, rate) {
  const counts = { sent: 0, useful: 0 }
  const beginMs = performance.now()
  const endMs = beginMs + SETTLING_MS + 1000 * SECONDS
  const pending = []
  for (let nextMs = beginMs; nextMs < endMs; nextMs += -Math.log(Math.random()) * 1000 / rate) {
    while (performance.now() < nextMs) await nextTurn()
    const isCounted = nextMs > beginMs + SETTLING_MS
    pending.push(isUseful(port, tenant).then((useful) => {
      if (!isCounted) return
      counts.sent++
      counts.useful += Number(useful)
    }))
  }
  await Promise.all(pending)
  return counts.useful / counts.sent
}

async function isUseful (port, tenant) {
  const sentMs = performance.now()
  const request = http.get({ port, host: '127.0.0.1', agent: AGENT, headers: { [HEADER]: tenant } })
  const [response] = await once(request, 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode === 200 && performance.now() - sentMs <= USEFUL_MS
}

if (process.send === undefined) demonstrate()
else serve(process.env.FAIR_BY === '' ? undefined : { header: process.env.FAIR_BY })
