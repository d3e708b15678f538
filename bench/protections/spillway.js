'use strict'

const MAX_DELAY_MS = 100

/** This package, in the way its README gives for each framework. */
module.exports = {
  express: (app, options) => app.use(require('../../lib/express')(withDefault(options))),
  fastify: (fastify, options) => fastify.register(require('../../lib/fastify'), withDefault(options)),
  hapi: (server, options) => server.register({ plugin: require('../../lib/hapi'), options: withDefault(options) }),
  koa: (app, options) => app.use(require('../../lib/koa')(withDefault(options)))
}

function withDefault (options) {
  return { maxDelay: MAX_DELAY_MS, ...options }
}
