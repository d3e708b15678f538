'use strict'

/** A middleware, or a hook, that does nothing: it shows what the framework itself charges for one. */
module.exports = {
  express: app => app.use((req, res, next) => next()),
  fastify: fastify => fastify.addHook('onRequest', (request, reply, next) => next())
}
