'use strict'

/** A middleware, or a hook, that does nothing: what the frameworks themselves charge for having one. */
module.exports = {
  express: app => app.use((req, res, next) => next()),
  fastify: fastify => fastify.addHook('onRequest', (request, reply, next) => next())
}
