'use strict'

const { RouteClasses } = require('./route-classes.js')
const { settled, userFunction } = require('../options/user-function.js')

/**
 * @typedef {import('../requests/tracked-request.js').TrackedRequest} TrackedRequest
 *
 * How a framework tells the route of a request.
 *
 * @typedef {object} Routing
 * @property {(tracked: TrackedRequest, request: any) => string} pathOf the route's pattern, where it is known by then;
 *   else the path as it came
 * @property {(method: string, path: string) => string} [routeOf] the route that such a path will take;
 *   default: guessed
 */

/** For all that a framework's router does not know. */
const NO_ROUTE = '(no route)'

/** @type {Routing} */
const byPath = { pathOf: (tracked) => tracked.url }

/**
 * The class of each request, for a limit of its own.
 *
 * @param {((request: any) => unknown) | undefined} classify the user's
 * @param {import('./route-classes.js').ClassController} controller
 * @param {Routing} [routing]
 * @returns {{ idOf: (tracked: TrackedRequest, request: any) => number, served: (key: string) => void,
 *   nameOf: (id: number) => string, ids: () => number[] }} `idOf` sets `tracked.candidate` where the request has no
 *   class of its own; `served` is to be told of that once the response is complete, unless it is a client error
 */
function classifier (classify, controller, routing = byPath) {
  const classes = new RouteClasses(controller, routing.routeOf)
  const byRoute = (/** @type {TrackedRequest} */ tracked, /** @type {any} */ request) =>
    classes.ofUrl(tracked, tracked.method, routing.pathOf(tracked, request))
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
 * @param {(tracked: TrackedRequest, request: any) => number} byRoute
 * @returns {(tracked: TrackedRequest, request: any) => number}
 */
function byName (classify, classes, byRoute) {
  const nameOf = userFunction('classify', 'SPILLWAY_CLASSIFY', (/** @type {any} */ request) => {
    const name = settled(classify(request))
    return name === undefined ? undefined : String(name)
  })
  return (tracked, request) => {
    const name = nameOf(request)
    return name === undefined ? byRoute(tracked, request) : classes.ofName(tracked, name)
  }
}

module.exports = { NO_ROUTE, classifier }
