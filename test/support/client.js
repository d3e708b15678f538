'use strict'

const net = require('node:net')
const tls = require('node:tls')
const { once } = require('node:events')
const { opened } = require('./opened.js')

/**
 * An HTTP/1.1 connection that a test can observe byte by byte: `send` writes at once, as `late` requires, and answers arrive
 * in the order of the requests.
 */
class Connection {
  #received = Buffer.alloc(0)
  #waiting = []

  constructor (socket) {
    this.socket = socket
    // Otherwise the second of two small writes waits 40 ms for the acknowledgement of the first.
    socket.setNoDelay(true)
    opened(() => this.destroy())
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    // A server may reset a connection that a test is about to drop; pending answers are rejected.
    socket.on('error', () => {})
    socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data])
      this.#deliver()
    })
    socket.once('close', () => {
      for (const { reject } of this.#waiting.splice(0)) {
        reject(new Error(`connection closed after ${JSON.stringify(this.#received.toString())}`))
      }
    })
  }

  /**
   * @param {string} line method and target, such as `GET /`
   * @param {{ headers?: Record<string, string>, body?: string }} [more] a body sets Content-Length
   *   and, unless given, Content-Type
   * @returns {Promise<{ status: number, headers: Record<string, string>, body: string }>}
   */
  send (line, { headers = {}, body } = {}) {
    const all = { Host: 'localhost', ...headers }
    if (body !== undefined) {
      all['Content-Type'] ??= 'text/plain'
      all['Content-Length'] ??= String(Buffer.byteLength(body))
    }
    const fields = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')
    this.socket.write(`${line} HTTP/1.1\r\n${fields}\r\n${body ?? ''}`)
    return this.answer(line.startsWith('HEAD '))
  }

  /** Waits for the next answer. @param {boolean} [toHead] it answers a HEAD request, so that no body follows */
  answer (toHead = false) {
    const answer = new Promise((resolve, reject) => this.#waiting.push({ toHead, resolve, reject }))
    // A test that drops the connection does not await the answer.
    answer.catch(() => {})
    this.#deliver()
    return answer
  }

  /** The received text that belongs to no answer taken so far. */
  get rest () {
    return this.#received.toString()
  }

  destroy () {
    this.socket.destroy()
  }

  #deliver () {
    while (this.#waiting.length > 0) {
      const parsed = parseAnswer(this.#received, this.#waiting[0].toHead)
      if (parsed === null) return
      this.#received = this.#received.subarray(parsed.end)
      if (parsed.answer.status === 100) continue
      this.#waiting.shift().resolve(parsed.answer)
    }
  }
}

/** @returns {{ answer: { status: number, headers: Record<string, string>, body: string }, end: number } | null} */
function parseAnswer (bytes, toHead) {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n')
  const status = Number(statusLine.split(' ')[1])
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  }))
  const begin = headEnd + 4
  if (toHead || status < 200 || status === 204) return { answer: { status, headers, body: '' }, end: begin }
  if (headers['transfer-encoding'] === 'chunked') return parseChunks(bytes, begin, { status, headers })
  const end = begin + Number(headers['content-length'] ?? 0)
  if (bytes.length < end) return null
  return { answer: { status, headers, body: bytes.subarray(begin, end).toString() }, end }
}

function parseChunks (bytes, begin, head) {
  let body = ''
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', begin)
    if (lineEnd < 0) return null
    const size = parseInt(bytes.subarray(begin, lineEnd).toString(), 16)
    const end = lineEnd + 2 + size + 2
    if (bytes.length < end) return null
    body += bytes.subarray(lineEnd + 2, lineEnd + 2 + size)
    if (size === 0) return { answer: { ...head, body }, end }
    begin = end
  }
}

/**
 * Connects to a server.
 *
 * @param {number | string | import('node:net').NetConnectOpts} to a port of 127.0.0.1, the path of a
 *   Unix socket, or the options of net.connect()
 */
async function connect (to) {
  const socket = net.connect(typeof to === 'number' ? { port: to, host: '127.0.0.1' } : to)
  await once(socket, 'connect')
  return new Connection(socket)
}

async function connectTls (port) {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  await once(socket, 'secureConnect')
  return new Connection(socket)
}

module.exports = { Connection, connect, connectTls }
