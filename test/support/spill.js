'use strict'

const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const { binding } = require('../../lib/native/binding.js')
const { NS_PER_MS } = require('../../lib/native/units.js')
const monitor = require('../../lib/loop/monitor.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { readOptions } = require('../../lib/options/read.js')
const { createSpill } = require('../../lib/accept-queue/index.js')
const { planSpill } = require('../../lib/accept-queue/spill-plan.js')
const { connect } = require('./client.js')
const { listen } = require('./listen.js')
const { opened } = require('./opened.js')

/**
 * Makes connections wait to be accepted, in a deterministic way. The admission controller sees a standing queue for as
 * long as the test needs. The clients run in the server's own process, and their connections are established when
 * `net.connect()` has returned. They send their requests in the turn in which they are notified of the connection. By the
 * end of that turn, libuv has accepted one connection, and the spill (the refusal of connections from the accept queue)
 * has taken the others.
 */

// At most, and longer than a loaded machine should need. If the server is in another process, it accepts the connections in
// the meantime, and all of this time passes.
const HANDSHAKES_MS = 500

// Of /proc/net/tcp: the size of a read, and where the state of a socket ends in a line.
const LIST_BYTES = 8192
const STATE_ENDS = 36

const INTERVAL_MS = 100
const MAX_DELAY_MS = 100
const LONG_QUEUE = 10_000

/**
 * A controller that is not notified of the loop's turns: it finds a standing queue until `calm()` is called.
 *
 * @param {{ fair?: boolean, serves?: boolean, maxDelayMs?: number }} [options] `fair`: it gives clients fair shares of the loop's time. A client may save
 *   up 1 s. `serves`: it has learned that a request takes 100 ms of the loop's time; default: if `fair`
 */
function queueingController ({ fair = false, serves = fair, maxDelayMs = MAX_DELAY_MS } = {}) {
  const controller = /** @type {any} */ (binding.createController(maxDelayMs * NS_PER_MS, 0, 4 * NS_PER_MS, 0, 0, Number(fair)))
  controller.now = 1e15
  const pass = (queued) => {
    controller.now += INTERVAL_MS * NS_PER_MS
    controller.queued(queued)
    controller.turn(controller.now, NS_PER_MS / 10, 0)
  }
  pass(0)
  if (serves) serveRequests(controller)
  // All connections that wait have waited for longer than the delay limit.
  for (let i = 0; i < 3; i++) pass(LONG_QUEUE)
  controller.calm = () => { for (let i = 0; i < 5; i++) pass(0) }
  return controller
}

/** The controller learns that a request takes 100 ms of the loop's time. */
function serveRequests (controller) {
  for (let i = 0; i < 5; i++) {
    controller.arrive(controller.now, 0, 0, 0)
    controller.now += INTERVAL_MS * NS_PER_MS
    controller.depart(controller.now, 0, controller.now - INTERVAL_MS * NS_PER_MS, 0)
    controller.turn(controller.now, INTERVAL_MS * NS_PER_MS, 0)
  }
}

/**
 * Starts a server with a spill.
 *
 * @param {any} [options] of the gate
 * @param {{ server?: any, controller?: any, onSpill?: (told: any) => void, handler?: any, path?: string }} [more] `path`: of a
 *   Unix socket to listen on
 * @returns {Promise<{ server: any, controller: any, spill: any, port: any }>} `port` is the path of a Unix socket
 */
async function spillingSite (options, { handler, server = http.createServer(handler ?? answerOk), controller = queueingController({ fair: options?.fairBy !== undefined }), onSpill, path } = {}) {
  const release = monitor.acquire()
  opened(release)
  const settings = readOptions('test', gateOptions, options)
  const spill = createSpill(controller, settings, planSpill('test', settings, true), onSpill)
  opened(() => spill.close())
  spill.watch(server)
  const port = await listen(server, path)
  return { server, controller, spill, port: path ?? port }
}

/** Answers with the request's target after its body has come. */
function answerOk (req, res) {
  req.resume().once('end', () => res.end(req.url))
}

/**
 * Opens a connection for each line at once; each client sends as soon as it is connected.
 *
 * @param {number} port
 * @param {string[]} lines `METHOD target`, one for each connection
 * @param {any} [more] see `Connection.send()`
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

/** Opens a connection for each text at once; each client sends its text as soon as it is connected. */
function sendTextAtOnce (port, texts) {
  const stood = waiting(port)
  const sockets = texts.map((text) => {
    const socket = typeof port === 'string' ? net.connect(port) : net.connect(port, '127.0.0.1')
    opened(() => socket.destroy())
    socket.on('error', () => {})
    if (text !== '') socket.once('connect', () => socket.write(text))
    return socket
  })
  letStand(port, stood + texts.length)
  return sockets
}

// A loaded kernel may complete a loopback handshake in another thread. net.connect() calls the kernel in the next tick;
// this function runs after that, and waits for the handshakes.
function letStand (port, count) {
  process.nextTick(() => {
    const until = performance.now() + HANDSHAKES_MS
    while (waiting(port) < count && performance.now() < until);
  })
}

/** Counts the connections that wait to be accepted on a port of 127.0.0.1. On a Unix socket, all wait at once. */
function waiting (port) {
  if (typeof port === 'string') return Infinity
  const local = ` 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `
  const listening = listeningSockets().find((line) => line.includes(`${local}00000000:0000 0A `))
  return listening === undefined ? 0 : Number.parseInt(listening.trim().split(/\s+/)[4].split(':')[1], 16)
}

// The kernel lists listening sockets first. The rest of the list may be long, and reading it slow.
function listeningSockets () {
  const fd = fs.openSync('/proc/net/tcp')
  try {
    const chunk = Buffer.alloc(LIST_BYTES)
    let text = ''
    for (let size; (size = fs.readSync(fd, chunk)) > 0;) {
      text += chunk.toString('latin1', 0, size)
      const lines = text.split('\n').slice(1)
      const others = lines.findIndex((line) => line.length > 0 && line.length >= STATE_ENDS && line.slice(STATE_ENDS - 2, STATE_ENDS) !== '0A')
      if (others >= 0) return lines.slice(0, others)
    }
    return text.split('\n').slice(1)
  } finally {
    fs.closeSync(fd)
  }
}

/**
 * Removes Node's HTTP parser from a server's connections. When a worker is terminated, the parser may abort the process
 * (`v8::ToLocalChecked Empty MaybeLocal`, in on_message_begin), with or without this package.
 */
function dontParse (server) {
  server.removeAllListeners('connection')
  server.on('connection', (socket) => socket.on('error', () => {}).resume())
}

/** Collects the data that a socket receives until it closes, even by a reset. */
async function received (socket) {
  let text = ''
  socket.on('data', (data) => { text += data })
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

module.exports = { answerOk, dontParse, received, sendAtOnce, sendTextAtOnce, spillingSite, queueingController, waiting }
