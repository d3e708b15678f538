'use strict'

/** A middleware, or a hook, that does nothing: it shows the cost that the framework itself adds for one. */
module.exports = {
  express: app => app.use((req, res, next) => next()),
  fastify: fastify => fastify.addHook('onRequest', (request, reply, next) => next())
}
