'use strict'

/**
 * Finds out whether middleware of Express judges every request of a server. Only then can native code refuse connections on
 * its behalf without being asked to.
 */

/** The layers that Express 4 itself puts first. They answer nothing. */
const OWN_LAYERS = new Set(['query', 'expressInit'])
/** Events that bring requests past the listener for 'request'. */
const OTHER_DOORS = ['checkContinue', 'checkExpectation']

/**
 * @param {any} req Express's request, which the middleware handles
 * @param {Function} middleware
 * @returns {string} why the middleware is not known to judge every request; empty if it is
 */
function whyNotWhole ({ app, socket }, middleware) {
  const server = socket?.server
  if (typeof app !== 'function' || server === undefined) return 'the request does not come from an Express app on a server'
  if (app.parent !== undefined) return 'the app is mounted on another app'
  if (server.listenerCount('request') !== 1 || server.listeners('request')[0] !== app) {
    return 'the server has a request listener other than the app'
  }
  if (OTHER_DOORS.some((event) => server.listenerCount(event) > 0)) return `the server has a listener for ${OTHER_DOORS.join(' or ')}`
  // Express 4 throws an error if `router` is read.
  const layers = (app._router ?? app.router)?.stack ?? []
  const own = layers.find((/** @type {any} */ { name }) => !OWN_LAYERS.has(name))
  if (own?.handle !== middleware) return 'other middleware comes before'
  // The property of a layer that matches every path, in Express 4 and 5.
  return own.regexp?.fast_slash || own.slash ? '' : 'the middleware judges only some paths'
}

module.exports = { whyNotWhole }
