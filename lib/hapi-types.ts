// Types alone: JSDoc cannot say that the plugin adds to Hapi's server.plugins.
import type { GateHandle } from './gate.js'

export type Handle = GateHandle

declare module '@hapi/hapi' {
  interface PluginProperties {
    spillway: GateHandle
  }
}
