'use strict'

const { Limits } = require('../../limits/index.js')
const { thresholds } = require('../../limits/options.js')
const { readOptions } = require('../../options/read.js')

/**
 * @typedef {import('@hapi/hapi').Request} Request
 *
 * @typedef {import('../../limits/options.js').Thresholds | false} RouteOptions `options.plugins.spillway` of a route: limits
 *   on the process in place of the plugin's; false: its requests are never shed, and counted as exempt
 */

/** The routes that have `options.plugins.spillway`. */
class RoutesWithOptions {
  #server
  #settings
  /**
   * The limits of each route, or false if it is exempt. The key is the route's settings, because Hapi has two objects for
   * each route.
   *
   * @type {Map<object, Limits | false>}
   */
  #routes = new Map()

  /**
   * @param {import('@hapi/hapi').Server} server
   * @param {any} settings of the plugin, checked and complete
   */
  constructor (server, settings) {
    this.#server = server
    this.#settings = settings
    for (const route of server.table()) this.#add(route)
    server.events.on('route', (route) => this.#add(route))
  }

  get hasExempt () {
    return [...this.#routes.values()].includes(false)
  }

  /**
   * @param {Request} request
   * @returns {Limits | false | undefined} the limits of its route; false if the route is exempt; undefined if it has no
   *   options
   */
  of (request) {
    if (this.#routes.size === 0) return undefined
    const route = matchOf(this.#server, request) ?? preflightedBy(this.#server, request)
    return route === undefined ? undefined : this.#routes.get(route.settings)
  }

  close () {
    for (const limits of this.#routes.values()) if (limits) limits.close()
    this.#routes.clear()
  }

  /** @param {import('@hapi/hapi').RequestRoute} route */
  #add (route) {
    const own = /** @type {any} */ (route.settings.plugins)?.spillway
    if (own === undefined) return
    const entry = `spillway/hapi: options.plugins.spillway of ${route.method} ${route.path}`
    this.#routes.set(route.settings, own !== false && new Limits({ ...this.#settings, ...readThresholds(entry, own) }))
  }
}

/**
 * The thresholds that the route has set, without defaults for the others.
 *
 * @param {string} entry
 * @param {any} own
 */
function readThresholds (entry, own) {
  const read = readOptions(entry, thresholds, own)
  return Object.fromEntries(Object.keys(own).map((name) => [name, read[name]]))
}

/**
 * The route of the request that a CORS preflight asks about.
 *
 * @param {import('@hapi/hapi').Server} server
 * @param {Request} request
 */
function preflightedBy (server, request) {
  const method = /** @type {string | undefined} */ (request.headers['access-control-request-method'])
  return request.method === 'options' && method ? matchOf(server, request, method) : undefined
}

/**
 * @param {import('@hapi/hapi').Server} server
 * @param {Request} request
 * @param {string} [method]
 * @returns {import('@hapi/hapi').RequestRoute | undefined}
 */
function matchOf (server, request, method = request.method) {
  try {
    const route = server.match(/** @type {any} */ (method), request.path, request.info.hostname)
    // '_special' is Hapi's own route for all preflights.
    return route === null || /** @type {any} */ (route.method) === '_special' ? undefined : route
  } catch {
    return undefined // the path is malformed
  }
}

module.exports = { RoutesWithOptions, matchOf }
