'use strict'

const MAX_EVENT_LOOP_DELAY_MS = 70

module.exports = {
  fastify: fastify => fastify.register(require('@fastify/under-pressure'), { maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS })
}
