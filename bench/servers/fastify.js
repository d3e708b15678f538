'use strict'

/** @type {typeof import('./express')} */
module.exports = async function startFastify (address, routes, protect, options) {
  const fastify = require('fastify')()
  await protect?.(fastify, options)
  // Leaves the body unread, because only some workloads read it.
  fastify.addContentTypeParser('*', (request, payload, done) => done(null))
  for (const [path, work] of Object.entries(routes)) {
    fastify.all(path, async request => {
      await work(request.raw)
      return 'done\n'
    })
  }
  await fastify.listen(address)
  return fastify.server
}
