// Types alone: JSDoc cannot say that the plugin adds to Hapi's server.plugins.
import type { GateHandle } from '../../gate/gate.js'
import type { Load } from '../../limits/sampler.js'

/** `load`: what the limits are judged by, as of the last sample, under the names of `server.load` too. */
export type Handle = GateHandle & { readonly load: Load & { heapUsed: number | null, rss: number | null } }

declare module '@hapi/hapi' {
  interface PluginProperties {
    spillway: Handle
  }
  interface PluginSpecificConfiguration {
    spillway?: import('./routes.js').RouteOptions
  }
}
