'use strict'

const assert = require('node:assert/strict')
const { nextTurn } = require('../support/block.js')
const { kinds } = require('../support/servers.js')
const { connect } = require('../support/client.js')
const { LIMIT_MS, late } = require('../support/late.js')
const { closeOpened } = require('../support/opened.js')

afterEach(closeOpened)

const later = (respond) => async (...args) => {
  await nextTurn()
  return respond(...args)
}

const broken = {
  throws: () => { throw new Error('broken') },
  rejects: async () => { throw new Error('broken') }
}

const redirect = {
  express: (req, res, info) => { res.status(307).set('Location', '/other').send(info.reason) },
  fastify: (request, reply, info) => reply.code(307).header('Location', '/other').send(info.reason),
  hapi: (request, h, info) => h.response(info.reason).code(307).header('Location', '/other'),
  koa: (ctx, info) => { Object.assign(ctx, { status: 307, body: info.reason }).set('Location', '/other') },
  http: (req, res, info) => { res.writeHead(307, { Location: '/other', 'Content-Length': info.reason.length }).end(info.reason) }
}

const payloadOfFastify = (request, reply, info) => {
  reply.code(307).header('Location', '/other')
  return info.reason
}

/**
 * By entry: ways to answer with a redirect whose body is the reason, and faults that the framework itself turns into an
 * answer. If the framework calls the user's error handler or does nothing instead, the tests of that entry cover the faults.
 */
const responders = {
  'spillway/express': {
    answers: { 'sends at once': redirect.express, 'sends later': later(redirect.express) }
  },
  'spillway/fastify': {
    answers: {
      'sends at once': (...args) => { redirect.fastify(...args) },
      'sends later': (...args) => { setImmediate(redirect.fastify, ...args) },
      'returns a promise of a payload': later(payloadOfFastify),
      'returns a payload': payloadOfFastify,
      'returns reply': async (...args) => redirect.fastify(...args)
    },
    faults: {
      ...broken,
      'returns something that cannot be sent': async (request, reply) => {
        reply.type('text/plain')
        return 42
      },
      'returns something that cannot be serialized': async () => ({ toJSON: broken.throws })
    }
  },
  'spillway/hapi': {
    answers: {
      'returns a response': redirect.hapi,
      'returns a response that takes over': (...args) => redirect.hapi(...args).takeover(),
      'returns a promise of a response': later(redirect.hapi)
    },
    faults: {
      ...broken,
      'returns nothing': () => {},
      'returns a promise of undefined': async () => {},
      'returns something that cannot be sent': () => Symbol('strange')
    }
  },
  'spillway/koa': {
    answers: { 'answers at once': redirect.koa, 'answers later': later(redirect.koa) }
  },
  'spillway/http': {
    answers: { 'answers at once': redirect.http, 'answers later': later(redirect.http) }
  }
}

for (const kind of kinds) {
  describe(`the option respond in ${kind.name}`, () => {
    const { answers, faults = {} } = responders[kind.entry]
    const start = async (respond) => {
      const site = await kind.start({ maxDelay: LIMIT_MS, respond })
      return { site, client: await connect(site.port) }
    }

    for (const [how, respond] of Object.entries(answers)) {
      it(`replaces the 503 if it ${how}`, async () => {
        const { client } = await start(respond)
        const { status, headers, body } = await late(() => client.send('GET /'))
        assert.deepEqual([status, headers.location, body], [307, '/other', 'delay'])
        assert.equal((await client.send('GET /')).status, 200)
      })
    }

    for (const [how, respond] of Object.entries(faults)) {
      it(`produces the framework's own error response if it ${how}`, async () => {
        const { client } = await start(respond)
        assert.equal((await late(() => client.send('GET /'))).status, 500)
        assert.equal((await client.send('GET /')).status, 200)
      })
    }
  })
}
