'use strict'

const http = require('node:http')
const { once } = require('node:events')

const answer = require('../child/answer')

const SETTLING_MS = 1500

const kinds = {
  'a server': async () => listen(),
  'a guarded server': async () => require('../../lib/adapters/http').guard(await listen()),
  'a server, and toobusy()': async () => {
    const toobusy = require('../../lib/index')
    await listen()
    toobusy()
  },
  'the same after shutdown()': async () => {
    const toobusy = require('../../lib/index')
    await listen()
    toobusy()
    toobusy.shutdown()
  }
}

async function listen () {
  const server = http.createServer((req, res) => res.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Becomes one of the kinds of idle process, and answers once start-up is over. */
answer(async ({ kind }) => {
  if (kind) {
    await kinds[kind]()
    await new Promise(resolve => setTimeout(resolve, SETTLING_MS))
  }
  return { kinds: Object.keys(kinds) }
})
