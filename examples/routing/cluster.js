'use strict'

// A cluster whose primary routes by the delay() and lag() that its workers report. The file to copy is router.js, next to
// this one. First, one worker gets a queue, which its lag hardly shows. Then one worker is stopped, and reports nothing.

const cluster = require('node:cluster')
const { once } = require('node:events')
const http = require('node:http')
const { setImmediate: nextTurn, setTimeout: sleep } = require('node:timers/promises')

const { guard } = require('spillway/http')

const { Router, serveRouted } = require('./router.js')
const { ask, tally } = require('./support/instance.js')

const NAMES = ['first', 'second', 'third']

function serve (name) {
  const server = http.createServer(async (req, res) => {
    if (req.url === '/work') await work()
    res.end(name)
  })
  guard(server, { exempt: '/work' }) // otherwise it would be refused before it makes a visible queue
  server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
    process.send({ port: server.address().port })
    serveRouted(server)
  })
}

/** 20 ms of CPU time in turns of 1 ms, like the handlers, callbacks and queries of a request. */
async function work () {
  for (let turns = 0; turns < 20; turns++) {
    const end = performance.now() + 1
    while (performance.now() < end);
    await nextTurn()
  }
}

// From here on: the demonstration.

const REQUESTS = 30
const CLIENTS = 50 // each has one request of 20 ms at a time: together a second of work
const LATE_MS = 200

async function demonstrate () {
  const router = new Router()
  const workers = NAMES.map(name => cluster.fork({ NAME: name }))
  for (const worker of workers) router.add(worker)
  const [firstPort] = await Promise.all(workers.map(portOf))
  await until(() => workers.every(worker => router.loadOf(worker) !== undefined))
  const server = router.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const [first] = workers
  const firstIsLate = () => router.loadOf(first).delayMs > LATE_MS

  async function firstServes (situation) {
    while ((await ask(port)).body !== NAMES[0]) await sleep(10)
    print(situation, 'the first answers again')
  }

  async function show (situation) {
    print(situation, await tally(REQUESTS, () => ask(port)))
  }

  await show('at first')

  const stopClients = startClients(firstPort)
  await until(firstIsLate)
  await show('the first has a queue')
  const { delayMs, lagMs } = router.loadOf(first)
  print('  its delay and lag', `${delayMs.toFixed()} ms, ${lagMs} ms`)
  await stopClients()
  await firstServes('when its queue is gone')

  first.process.kill('SIGSTOP') // stands for a long synchronous call
  await until(firstIsLate)
  await show('the first is stopped')
  first.process.kill('SIGCONT')
  await firstServes('when it continues')

  server.close()
  cluster.disconnect()
}

async function portOf (worker) {
  const [{ port }] = await once(worker, 'message')
  return port
}

/** Keeps a queue standing in front of one worker. */
function startClients (port) {
  const stop = new AbortController()
  const client = async () => {
    while (!stop.signal.aborted) await ask(port, '/work')
  }
  const clients = Array.from({ length: CLIENTS }, client)
  return async () => {
    stop.abort()
    await Promise.all(clients)
  }
}

async function until (condition) {
  while (!condition()) await sleep(10)
}

function print (situation, figures) {
  console.log(situation.padEnd(24), figures)
}

if (cluster.isPrimary) demonstrate()
else serve(process.env.NAME)
