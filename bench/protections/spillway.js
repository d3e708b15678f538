'use strict'

const MAX_DELAY_MS = 100

/** This package, in the way its README gives for each framework. */
module.exports = {
  express: (app, options) => app.use(require('../../lib/adapters/express')(withDefault(options))),
  fastify: (fastify, options) => fastify.register(require('../../lib/adapters/fastify/index'), withDefault(options)),
  hapi: (server, options) => server.register({ plugin: require('../../lib/adapters/hapi/index'), options: withDefault(options) }),
  koa: (app, options) => app.use(require('../../lib/adapters/koa')(withDefault(options)))
}

function withDefault (options) {
  return { maxDelay: MAX_DELAY_MS, ...options }
}
