'use strict'

const { routePriority } = require('../route-priority.js')
const { PRIORITIES } = require('../../accept-queue/priority-rule.js')

/** The priorities that routes have by their option `config.spillway`. */
class RoutePriorities {
  #any = false

  /**
   * @param {any} config of a route that is being added
   * @param {string | string[]} method
   * @param {string} url
   * @returns {boolean} whether the route has a priority
   * @throws {TypeError | RangeError} if its option is invalid
   */
  add (config, method, url) {
    const own = config?.spillway
    if (own === undefined) return false
    const hasPriority = routePriority(`spillway/fastify: config.spillway of ${method} ${url}`, own) !== undefined
    this.#any ||= hasPriority
    return hasPriority
  }

  /**
   * @param {any} request Fastify's. It builds `routeOptions` anew on each access
   * @returns {number | undefined} the priority of its route: its position in PRIORITIES
   */
  of (request) {
    if (!this.#any) return undefined
    const priority = PRIORITIES.indexOf(request.routeOptions.config?.spillway?.priority)
    return priority < 0 ? undefined : priority
  }
}

module.exports = { RoutePriorities }
