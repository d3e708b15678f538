'use strict'

const http = require('node:http')
const { once } = require('node:events')

const answer = require('../child/answer')

const SETTLING_MS = 1500

const kinds = {
  server: async () => listen(),
  'guarded server': async () => require('../../lib/adapters/http').guard(await listen()),
  'server that calls toobusy()': async () => {
    const toobusy = require('../../lib/index')
    await listen()
    toobusy()
  },
  'the same after toobusy.shutdown()': async () => {
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

/** Becomes an idle process of the given kind, and answers after start-up. Without a kind, it lists the kinds. */
answer(async ({ kind }) => {
  if (kind) {
    await kinds[kind]()
    await new Promise(resolve => setTimeout(resolve, SETTLING_MS))
  }
  return { kinds: Object.keys(kinds) }
})
