'use strict'

const net = require('node:net')

const answer = require('../child/answer')

const REQUEST = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
const STATUS_AT = 'HTTP/1.1 '.length
const CODE_OF_2 = 0x32
const HEAD_END = '\r\n\r\n'

/**
 * A closed-loop client on kept-alive connections. It only writes a constant and counts bytes, so that it is cheaper than
 * any server and the server limits the throughput. All 200 responses must have the length of the first.
 *
 * @param {{ port: number, connections: number, durationMs: number }} load
 * @returns {Promise<{ answers: number, refused: number, failure: string | null }>}
 */
function run ({ port, connections, durationMs }) {
  const sockets = []
  let answers = 0
  let refused = 0
  let failure = null

  function connect () {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true })
    let okLength, length
    let received = 0
    socket.on('connect', () => socket.write(REQUEST))
    socket.on('error', error => { failure ??= error.message })
    socket.on('data', chunk => {
      if (received === 0) begin(chunk)
      received += chunk.length
      if (received < length) return
      received = 0
      answers++
      socket.write(REQUEST)
    })
    sockets.push(socket)

    function begin (chunk) {
      if (chunk[STATUS_AT] === CODE_OF_2) {
        length = okLength ??= lengthOf(chunk.toString('latin1'))
      } else {
        length = lengthOf(chunk.toString('latin1'))
        refused++
      }
    }
  }

  for (let i = 0; i < connections; i++) connect()
  return new Promise(resolve => setTimeout(() => {
    for (const socket of sockets) socket.destroy()
    resolve({ answers, refused, failure })
  }, durationMs))
}

function lengthOf (text) {
  return text.indexOf(HEAD_END) + HEAD_END.length + Number(text.match(/content-length: (\d+)/i)[1])
}

answer(run)
