'use strict'

const http2 = require('node:http2')
const net = require('node:net')
const { Duplex } = require('node:stream')
const { once } = require('node:events')
const { late } = require('./late.js')
const { opened } = require('./opened.js')

/** A connection whose bytes can be held back until the test releases them. */
class HeldSocket extends Duplex {
  #socket
  #held = null

  constructor (socket) {
    super()
    this.#socket = socket
    socket.on('data', (data) => this.push(data))
    socket.on('error', () => {})
    socket.once('close', () => this.destroy())
  }

  hold () {
    this.#held = []
  }

  release () {
    const held = this.#held
    this.#held = null
    this.#socket.write(Buffer.concat(held))
  }

  _write (bytes, encoding, done) {
    if (this.#held === null) return this.#socket.write(bytes, done)
    this.#held.push(bytes)
    this.emit('held')
    done()
  }

  _read () {}

  _destroy (error, done) {
    this.#socket.destroy()
    done(error)
  }
}

/** @param {number} port */
async function connectHttp2 (port) {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const held = new HeldSocket(socket)
  const session = http2.connect('http://localhost', { createConnection: () => held })
  session.on('error', () => {})
  opened(() => session.destroy())
  await once(session, 'remoteSettings')
  // When a ping returns, both sides have exchanged their initial frames.
  await new Promise((resolve) => session.ping(resolve))

  function request (path, { method = 'GET', body } = {}) {
    const stream = session.request({ ':path': path, ':method': method }, { endStream: body === undefined })
    stream.on('error', () => {})
    if (body !== undefined) stream.end(body)
    return { stream, answer: answerOn(stream) }
  }

  return {
    session,

    /** @returns {Promise<{ status: number, headers: any, body: string }>} */
    send: (path, more) => request(path, more).answer,

    /** Sends the same, but late. */
    async sendLate (path, more) {
      held.hold()
      const hasLeft = once(held, 'held')
      const { stream, answer } = request(path, more)
      await hasLeft
      if (!stream.writableFinished) await once(stream, 'finish')
      return late(() => {
        held.release()
        return answer
      })
    }
  }
}

async function answerOn (stream) {
  let body = ''
  // At once: when the frames of an answer arrive together, the stream may close before 'response' has been awaited.
  stream.setEncoding('utf8').on('data', (data) => { body += data })
  const ended = new Promise((resolve) => stream.once('end', resolve).once('close', resolve))
  const [headers] = await once(stream, 'response')
  await ended
  return { status: headers[':status'], headers, body }
}

module.exports = { connectHttp2 }
