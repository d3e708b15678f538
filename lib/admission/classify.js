'use strict'

const { RouteClasses } = require('./route-classes.js')

/**
 * @typedef {import('../requests/tracked-request.js').TrackedRequest} TrackedRequest
 *
 * How the adapter of a framework finds the route of a request.
 *
 * @typedef {object} Routing
 * @property {(trackedRequest: TrackedRequest, request: any) => string} pathOf the route's pattern, if the framework has
 *   routed the request; otherwise the path as the client sent it
 * @property {(method: string, path: string) => string} [routeOf] returns the pattern of the route that a path returned by
 *   `pathOf` leads to. Without this function, the route is guessed from the path
 */

/** The route name of requests that match no route. */
const NO_ROUTE = '(no route)'

/** @type {Routing} */
const byPath = { pathOf: (trackedRequest) => trackedRequest.url }

/**
 * Finds the class of each request: each class has a concurrency limit of its own.
 *
 * @param {((request: any) => unknown) | undefined} classify the user's option
 * @param {import('./route-classes.js').ClassController} controller
 * @param {Routing} [routing]
 * @returns {{ idOf: (trackedRequest: TrackedRequest, request: any) => number, served: (key: string) => void,
 *   nameOf: (id: number) => string, ids: () => number[] }} `idOf` sets `trackedRequest.candidate` if the request has no
 *   class of its own; pass that to `served` once the response is complete, unless the response is a client error (4xx)
 */
function classifier (classify, controller, routing = byPath) {
  const classes = new RouteClasses(controller, routing.routeOf)
  const byRoute = (/** @type {TrackedRequest} */ trackedRequest, /** @type {any} */ request) =>
    classes.ofUrl(trackedRequest, trackedRequest.method, routing.pathOf(trackedRequest, request))
  return {
    idOf: classify === undefined ? byRoute : byName(classify, classes, byRoute),
    served: (key) => classes.served(key),
    nameOf: (id) => classes.nameOf(id),
    ids: () => classes.ids()
  }
}

/**
 * @param {(request: any) => unknown} classify
 * @param {RouteClasses} classes
 * @param {(trackedRequest: TrackedRequest, request: any) => number} byRoute
 * @returns {(trackedRequest: TrackedRequest, request: any) => number}
 */
function byName (classify, classes, byRoute) {
  const { settled, userFunction } = require('../options/user-function.js') // required on use
  const nameOf = userFunction('classify', 'SPILLWAY_CLASSIFY', (/** @type {any} */ request) => {
    const name = settled(classify(request))
    return name === undefined ? undefined : String(name)
  })
  return (trackedRequest, request) => {
    const name = nameOf(request)
    return name === undefined ? byRoute(trackedRequest, request) : classes.ofName(trackedRequest, name)
  }
}

module.exports = { NO_ROUTE, classifier }
