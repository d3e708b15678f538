// Types alone: JSDoc cannot say that the plugin adds to Fastify's instance.
import type { GateHandle } from './gate.js'

export type Handle = GateHandle

declare module 'fastify' {
  interface FastifyInstance {
    spillway: GateHandle
  }
}
