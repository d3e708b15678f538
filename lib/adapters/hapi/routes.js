'use strict'

const { PRIORITIES } = require('../../accept-queue/priority-rule.js')
const { routePriorityRow } = require('../route-priority.js')
const { Limits } = require('../../limits/index.js')
const { thresholds } = require('../../limits/options.js')
const { readOptions } = require('../../options/read.js')

/**
 * @typedef {import('@hapi/hapi').Request} Request
 *
 * @typedef {import('../../admission/priorities.js').Priority} Priority
 *
 * @typedef {(import('../../limits/options.js').Thresholds & { priority?: Priority }) | false} RouteOptions
 *   `options.plugins.spillway` of a route: limits on the process in place of the plugin's, and the priority of its requests;
 *   false: its requests are never shed, and counted as exempt
 *
 * @typedef {object} OwnTerms what a route's options say
 * @property {boolean} exempt
 * @property {Limits} [limits] in place of the plugin's
 * @property {number} [priority] its position in PRIORITIES
 */

const table = { ...thresholds, priority: routePriorityRow }

/** The routes that have `options.plugins.spillway`. */
class RoutesWithOptions {
  #server
  #settings
  /**
   * The key is the route's settings, because Hapi has two objects for each route.
   *
   * @type {Map<object, OwnTerms>}
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
    return [...this.#routes.values()].some(({ exempt }) => exempt)
  }

  get havePriorities () {
    return [...this.#routes.values()].some(({ priority }) => priority !== undefined)
  }

  /**
   * @param {Request} request
   * @returns {OwnTerms | undefined} undefined if its route has no options
   */
  of (request) {
    if (this.#routes.size === 0) return undefined
    const route = matchOf(this.#server, request) ?? preflightedBy(this.#server, request)
    return route === undefined ? undefined : this.#routes.get(route.settings)
  }

  close () {
    for (const { limits } of this.#routes.values()) limits?.close()
    this.#routes.clear()
  }

  /** @param {import('@hapi/hapi').RequestRoute} route */
  #add (route) {
    const own = /** @type {any} */ (route.settings.plugins)?.spillway
    if (own === undefined) return
    const entry = `spillway/hapi: options.plugins.spillway of ${route.method} ${route.path}`
    this.#routes.set(route.settings, own === false ? { exempt: true } : this.#read(entry, own))
  }

  /**
   * @param {string} entry
   * @param {any} own
   * @returns {OwnTerms}
   */
  #read (entry, own) {
    const { priority, ...read } = readOptions(entry, table, own)
    // Without defaults for the thresholds that the route has not set.
    const set = Object.keys(read).filter((name) => Object.hasOwn(own, name)).map((name) => [name, read[name]])
    return {
      exempt: false,
      limits: set.length === 0 ? undefined : new Limits({ ...this.#settings, ...Object.fromEntries(set) }),
      priority: priority === undefined ? undefined : PRIORITIES.indexOf(priority)
    }
  }
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
