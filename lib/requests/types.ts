// Types that JSDoc cannot express: Node's requests get a property.
import type { RequestView } from './request-view.js'

export interface RequestWithView {
  /** Undefined in a process without a gate. */
  readonly spillway?: RequestView
}

declare module 'http' {
  interface IncomingMessage extends RequestWithView {}
}
declare module 'http2' {
  interface Http2ServerRequest extends RequestWithView {}
}
