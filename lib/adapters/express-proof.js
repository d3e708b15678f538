'use strict'

/**
 * Finds out whether middleware of Express judges every request of a server. Only then can native code refuse connections
 * without being asked to.
 */

/** The layers that Express 4 itself puts first. They answer nothing. */
const OWN_LAYERS = new Set(['query', 'expressInit'])
/** Events that bring requests past the listeners for 'request'. */
const OTHER_DOORS = ['checkContinue', 'checkExpectation']

class ExpressProof {
  #middleware
  #onProved
  /** For each server, where the middleware was found. @type {WeakMap<any, { app: any, router: any, at: number }>} */
  #found = new WeakMap()

  /**
   * @param {Function} middleware
   * @param {(app: any) => void} onProved called when it is proved for a server of this app
   */
  constructor (middleware, onProved) {
    this.#middleware = middleware
    this.#onProved = onProved
  }

  /**
   * Must be called for each request that the middleware handles.
   *
   * @param {any} req
   * @param {any} server of the request
   * @returns {string} why the middleware is not known to judge every request of the server; empty if it is
   */
  whyNot (req, server) {
    // Reading properties of Express's requests is costly.
    if (this.holdsFor(server)) return ''
    const { app } = req
    const why = whyNotOnly(app, server)
    if (why !== '') return why
    // Express 4 throws an error if `router` is read.
    const router = app._router ?? app.router
    const layers = router?.stack ?? []
    const at = layers.findIndex((/** @type {any} */ { name }) => !OWN_LAYERS.has(name))
    if (layers[at]?.handle !== this.#middleware) return 'other middleware comes before'
    // The property of a layer that matches every path, in Express 4 and 5.
    if (!layers[at].regexp?.fast_slash && !layers[at].slash) return 'the middleware judges only some paths'
    this.#found.set(server, { app, router, at })
    this.#onProved(app)
    return ''
  }

  /** Whether `whyNot()` has proved it for this server, and nothing has changed since. @param {any} server */
  holdsFor (server) {
    const found = this.#found.get(server)
    return found !== undefined && found.router.stack[found.at]?.handle === this.#middleware && hasOneListener(server, found.app)
  }
}

/**
 * @param {any} app
 * @param {any} server
 * @returns {string} why not every request of the server goes to the app
 */
function whyNotOnly (app, server) {
  if (typeof app !== 'function' || server === undefined) return 'the request does not come from an Express app on a server'
  if (app.parent !== undefined) return 'the app is mounted on another app'
  if (!hasOneListener(server, app)) return 'the server has a request listener other than the app'
  return ''
}

/** @param {any} server @param {any} app */
function hasOneListener (server, app) {
  return server.listenerCount('request') === 1 && server.listenerCount('request', app) === 1 &&
    OTHER_DOORS.every((event) => server.listenerCount(event) === 0)
}

module.exports = { ExpressProof }
