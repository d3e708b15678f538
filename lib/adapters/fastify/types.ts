// Types that JSDoc cannot express: the plugin adds to Fastify's instance.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Priority } from '../../admission/priorities.js'
import type { GateHandle } from '../../gate/gate.js'
import type { RequestView } from '../../requests/request-view.js'

export type Handle = GateHandle

/** `value` is in the limit's unit; undefined for a failed health check. */
export type PressureHandler = (
  request: FastifyRequest, reply: FastifyReply, type: string, value: number | undefined
) => unknown

/** The constants have the names that they have in @fastify/under-pressure. */
export type Plugin<Options extends object> = FastifyPluginAsync<Options> & {
  TYPE_EVENT_LOOP_DELAY: 'eventLoopDelay'
  TYPE_EVENT_LOOP_UTILIZATION: 'eventLoopUtilization'
  TYPE_HEALTH_CHECK: 'healthCheck'
  TYPE_HEAP_USED_BYTES: 'heapUsedBytes'
  TYPE_RSS_BYTES: 'rssBytes'
}

/**
 * The delay in ms, memory in bytes, and utilization from 0 to 1. A figure is 0 if it is unknown, as in
 * @fastify/under-pressure.
 */
export interface MemoryUsage {
  eventLoopDelay: number
  rssBytes: number
  heapUsed: number
  eventLoopUtilized: number
}

declare module 'fastify' {
  interface FastifyInstance {
    spillway: GateHandle
    /** Whether a limit on the process is exceeded. */
    isUnderPressure(): boolean
    memoryUsage(): MemoryUsage
  }
  interface FastifyRequest {
    /** Undefined in injected requests. */
    readonly spillway: RequestView | undefined
  }
  interface FastifyContextConfig {
    pressureHandler?: PressureHandler
    spillway?: { priority?: Priority }
  }
}
