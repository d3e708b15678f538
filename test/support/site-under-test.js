'use strict'

/**
 * Preloaded for a script that listens on port 3000, and makes it listen on a free port instead. Sends requests until the
 * answer is 200, and then, with a full heap and a busy loop, until the answer is 503.
 */

const http = require('node:http')
const net = require('node:net')

const HEAP_BYTES = 150_000_000
const TURN_MS = 250

const kept = []
const { listen } = net.Server.prototype
net.Server.prototype.listen = function (options, ...rest) {
  const free = options === 3000 ? 0 : { ...options, port: 0, host: '127.0.0.1' }
  this.once('listening', () => test(this.address().port))
  return listen.call(this, free, ...rest)
}

async function test (port) {
  const first = await ask(port)
  while (process.memoryUsage().heapUsed < HEAP_BYTES) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })))
  setInterval(() => {
    const until = performance.now() + TURN_MS
    while (performance.now() < until);
  }, 1)
  let answer
  do answer = await ask(port)
  while (answer.status !== 503)
  console.log(JSON.stringify({ first, then: answer.status }))
  process.exit()
}

function ask (port) {
  return new Promise((resolve, reject) => {
    http.get({ port, host: '127.0.0.1', agent: false }, async (res) => {
      let body = ''
      for await (const chunk of res) body += chunk
      resolve({ status: res.statusCode, body })
    }).on('error', reject)
  })
}
