'use strict'

/**
 * Finds out whether middleware of Express judges every request of a server. Only then can native code refuse connections
 * without being asked to.
 */

/** The layers that Express 4 itself puts first. They answer nothing. */
const OWN_LAYERS = new Set(['query', 'expressInit'])
/** Events that bring requests past the listeners for 'request'. */
const OTHER_DOORS = ['checkContinue', 'checkExpectation']

/**
 * @param {Function} middleware
 * @returns {(req: any, server: any) => string} must be called for each request that the middleware handles; returns why it is
 *   not known to judge every request of the request's server, or an empty string if it is
 */
function createProof (middleware) {
  /** What the last proof has found. @type {any} */
  let proved
  return (req, server) => {
    // Reading properties of Express's requests is costly.
    if (server === proved?.server && proved.layers[proved.at]?.handle === middleware && hasOneListener(server)) return ''
    const { app } = req
    const why = whyNotOnly(app, server)
    if (why !== '') return why
    // Express 4 throws an error if `router` is read.
    const layers = (app._router ?? app.router)?.stack ?? []
    const at = layers.findIndex((/** @type {any} */ { name }) => !OWN_LAYERS.has(name))
    if (layers[at]?.handle !== middleware) return 'other middleware comes before'
    // The property of a layer that matches every path, in Express 4 and 5.
    if (!layers[at].regexp?.fast_slash && !layers[at].slash) return 'the middleware judges only some paths'
    proved = { server, layers, at }
    return ''
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
  if (!hasOneListener(server) || server.listeners('request')[0] !== app) return 'the server has a request listener other than the app'
  return ''
}

/** @param {any} server */
function hasOneListener (server) {
  return server.listenerCount('request') === 1 && OTHER_DOORS.every((event) => server.listenerCount(event) === 0)
}

module.exports = { createProof }
