'use strict'

const MAX_DELAY_MS = 100

/** spillway, used in each framework as its README says. */
module.exports = {
  express: (app, options) => app.use(require('../../lib/adapters/express')(withDefault(options))),
  fastify: (fastify, options) => fastify.register(require('../../lib/adapters/fastify/index'), withDefault(options)),
  hapi: (server, options) => server.register({ plugin: require('../../lib/adapters/hapi/index'), options: withDefault(options) }),
  koa: (app, options) => app.use(require('../../lib/adapters/koa')(withDefault(options)))
}

function withDefault (options) {
  return { maxDelay: MAX_DELAY_MS, ...options }
}
