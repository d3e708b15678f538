'use strict'

const { RouteClasses } = require('./route-classes.js')

/**
 * How a framework tells the route of a request.
 *
 * @typedef {object} Routing
 * @property {(raw: any, request: any) => string} pathOf the route's pattern, where it is known by then;
 *   else the path as it came
 * @property {(method: string, path: string) => string} [routeOf] the route that such a path will take
 */

/** @type {Routing} */
const byPath = { pathOf: (raw) => raw.originalUrl ?? raw.url }

/**
 * The class of each request, for a limit of its own.
 *
 * @param {((request: any) => unknown) | undefined} classify the user's
 * @param {Routing} [routing]
 * @returns {{ idOf: (raw: any, request: any) => number, nameOf: (id: number) => string, ids: () => number[] }}
 */
function classifier (classify, routing = byPath) {
  const classes = new RouteClasses(routing.routeOf)
  const byRoute = (/** @type {any} */ raw, /** @type {any} */ request) => classes.ofUrl(raw.method, routing.pathOf(raw, request))
  return {
    idOf: classify === undefined
      ? byRoute
      : (raw, request) => {
          const name = classify(request)
          return name === undefined ? byRoute(raw, request) : classes.ofKey(String(name))
        },
    nameOf: (id) => classes.nameOf(id),
    ids: () => classes.ids()
  }
}

module.exports = { classifier }
