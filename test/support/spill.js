'use strict'

const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const { once } = require('node:events')
const { binding } = require('../../lib/native/binding.js')
const monitor = require('../../lib/loop/monitor.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { readOptions } = require('../../lib/options/read.js')
const { createSpill } = require('../../lib/accept-queue/index.js')
const { planSpill } = require('../../lib/accept-queue/spill-plan.js')
const { connect } = require('./client.js')
const { opened } = require('./opened.js')

/**
 * How a test makes connections wait to be accepted, without luck: a controller for which a queue stands as
 * long as the test wants, and clients in the server's own process, all of whose connections stand
 * when `net.connect()` has returned. They have sent their requests by the end of the turn in which
 * they see that; by then libuv has accepted one, and then the spill takes the rest.
 */

/** What a controller that has seen nothing completed lets wait. */
const MAY_QUEUE = 2

// At most: a server in another process accepts meanwhile.
const HANDSHAKES_MS = 100

const NS_PER_MS = 1e6
const INTERVAL_MS = 100
const MAX_DELAY_MS = 100
const LONG_QUEUE = 1e6

/** Not told of the loop's turns: a queue stands until `calm()`. */
function queueingController () {
  const controller = /** @type {any} */ (binding.createController(MAX_DELAY_MS * NS_PER_MS, 0, 4 * NS_PER_MS, 0, 0))
  let now = 1e15
  const pass = (queued) => {
    now += INTERVAL_MS * NS_PER_MS
    controller.queued(queued)
    controller.turn(now, NS_PER_MS / 10)
  }
  for (let i = 0; i < 3; i++) pass(LONG_QUEUE)
  controller.calm = () => { for (let i = 0; i < 5; i++) pass(0) }
  return controller
}

/**
 * @param {any} [options] of the gate
 * @param {{ server?: any, controller?: any, onSpill?: (told: any) => void, handler?: any }} [more]
 */
async function spillingSite (options, { handler, server = http.createServer(handler ?? answerOk), controller = queueingController(), onSpill } = {}) {
  const release = monitor.acquire()
  opened(release)
  const settings = readOptions('test', gateOptions, options)
  const spill = createSpill(controller, settings, planSpill('test', settings, true), onSpill)
  opened(() => spill.close())
  spill.watch(server)
  await listening(server)
  return { server, controller, spill, port: server.address().port }
}

async function listening (server, port = 0) {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  opened(() => server.close())
  opened(() => server.closeAllConnections?.())
}

/** The site of all tests: a request's target, once its body has come. */
function answerOk (req, res) {
  req.resume().once('end', () => res.end(req.url))
}

/**
 * So many connections at once, of clients that send when they can.
 *
 * @param {number} port
 * @param {string[]} lines `METHOD target`, one for each connection
 * @param {any} [more] as `Connection.send()` takes it
 */
function sendAtOnce (port, lines, more) {
  const stood = waiting(port)
  const answers = lines.map(async (line) => {
    const connection = await connect(port)
    return connection.send(line, more)
  })
  letStand(port, stood + lines.length)
  return answers
}

/** Connections that stand, and have sent `text`. */
function sendTextAtOnce (port, texts) {
  const stood = waiting(port)
  const sockets = texts.map((text) => {
    const socket = net.connect(port, '127.0.0.1')
    opened(() => socket.destroy())
    socket.on('error', () => {})
    if (text !== '') socket.once('connect', () => socket.write(text))
    return socket
  })
  letStand(port, stood + texts.length)
  return sockets
}

// A loaded kernel may leave a handshake on loopback to a thread of its own. net.connect() calls the
// kernel in the next tick, and this comes after that, until so many stand.
function letStand (port, count) {
  process.nextTick(() => {
    const until = performance.now() + HANDSHAKES_MS
    while (waiting(port) < count && performance.now() < until);
  })
}

/** Connections that wait to be accepted on a port of 127.0.0.1. */
function waiting (port) {
  const local = ` 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `
  const listening = fs.readFileSync('/proc/net/tcp', 'latin1').split('\n').find((line) => line.includes(`${local}00000000:0000 0A `))
  return listening === undefined ? 0 : Number.parseInt(listening.trim().split(/\s+/)[4].split(':')[1], 16)
}

/**
 * Takes Node's HTTP parser from a server's connections: where a worker is terminated, it may abort the process
 * (`v8::ToLocalChecked Empty MaybeLocal`, in on_message_begin), with or without this package.
 */
function dontParse (server) {
  server.removeAllListeners('connection')
  server.on('connection', (socket) => socket.on('error', () => {}).resume())
}

/** All that a socket receives until its end, be it a reset. */
async function received (socket) {
  let text = ''
  socket.on('data', (data) => { text += data })
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

module.exports = { MAY_QUEUE, answerOk, dontParse, listening, received, sendAtOnce, sendTextAtOnce, spillingSite, queueingController, waiting }
