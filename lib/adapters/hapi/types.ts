// Types that JSDoc cannot express: the plugin adds to Hapi's server.plugins.
import type { GateHandle } from '../../gate/gate.js'
import type { Load } from '../../limits/sampler.js'

/** `load`: the figures that the limits apply to, as of the last sample, also under the names of Hapi's `server.load`. */
export type Handle = GateHandle & { readonly load: Load & { heapUsed: number | null, rss: number | null } }

declare module '@hapi/hapi' {
  interface PluginProperties {
    spillway: Handle
  }
  interface PluginSpecificConfiguration {
    spillway?: import('./routes.js').RouteOptions
  }
}
