'use strict'

const { Candidates } = require('./candidates.js')
const { shapeOf } = require('./path-shape.js')

/**
 * Sorts requests into classes, by the name that the user's `classify` returns, or by their path. Requests for one route
 * should share a class, and requests that differ in cost should not.
 *
 * The number of classes is bounded. A route that is served often gets a class of its own; all other requests, such as
 * those for a scanner's random paths, share one. When all classes are in use, a new class replaces the least used one.
 *
 * @typedef {Pick<import('./controller.js').AdmissionController, 'forget' | 'split'>} ClassController
 */

/** The number of classes that the admission controller has; 0 is the shared one. */
const CLASSES = 256
const SHARED = 0
/** A key gets a class once it has been served this often; the count is reduced over time. */
const SERVED_OFTEN = 16
/** After this many requests, all earlier ones count half as much. */
const FADE_AFTER = 16_384
const MOST_URLS = 1024

const LONGEST_KEY = 128
/** The first character of a key that contains the user's name for a class. No HTTP method begins with it. */
const NAMED = '='
/** Replaces methods that Node's HTTP/1 parser does not know, because HTTP/2 allows any method. */
const UNKNOWN_METHOD = '?'
/** Characters that a page, a log or a terminal could interpret. */
const UNSAFE = /[^ -~]|[<>"'`&\\]/gu

class RouteClasses {
  #controller
  #routeOf
  #candidates = new Candidates()
  /** @type {Set<string> | undefined} */
  #knownMethods
  #requests = 0
  /** @type {Map<string, number>} */
  #ids = new Map()
  /** Indexed by the number of the class. */
  #keys = ['']
  #uses = new Float64Array(CLASSES)
  /** Caches the class of each path as the client sent it, by method. @type {Map<string, Map<string, number>>} */
  #byUrl = new Map()
  #urls = 0
  // The last of them, because comparing a path is cheaper than hashing it.
  #lastMethod = ''
  #lastUrl = ''
  #lastId = SHARED

  /**
   * @param {ClassController} controller
   * @param {(method: string, url: string) => string} [routeOf] returns the route that a path leads to. Without this
   *   function, the route is guessed
   */
  constructor (controller, routeOf) {
    this.#controller = controller
    this.#routeOf = routeOf ?? ((method, url) => shapeOf(url))
  }

  /**
   * @param {{ candidate: string }} trackedRequest if the key has no class, `candidate` is set to the key, to be passed to
   *   `served`
   * @param {string} method
   * @param {string} url a path, with or without a query
   * @returns {number} 0 to 255
   */
  ofUrl (trackedRequest, method, url) {
    if (url === this.#lastUrl && method === this.#lastMethod) return this.#use(this.#lastId)
    const known = this.#byUrl.get(method)?.get(url)
    if (known !== undefined) {
      this.#lastMethod = method
      this.#lastUrl = url
      this.#lastId = known
      return this.#use(known)
    }
    this.#knownMethods ??= new Set(require('node:http').METHODS) // required on use
    const isKnownMethod = this.#knownMethods.has(method)
    const route = this.#routeOf(method, url)
    const id = this.#ofKey(trackedRequest, `${isKnownMethod ? method : UNKNOWN_METHOD} ${route}`)
    if (id !== SHARED && isKnownMethod) this.#remember(method, url, id)
    return id
  }

  /**
   * @param {{ candidate: string }} trackedRequest as for `ofUrl`
   * @param {string} name only its first 127 characters count
   * @returns {number} 0 to 255
   */
  ofName (trackedRequest, name) {
    return this.#ofKey(trackedRequest, NAMED + name)
  }

  /**
   * Must be called when a request without a class of its own was served, which proves that its route exists.
   *
   * @param {string} key the request's `candidate`
   */
  served (key) {
    if (this.#ids.has(key)) return
    const served = this.#candidates.served(key)
    if (served < SERVED_OFTEN) return
    const id = this.#freeId(served)
    if (id === SHARED) return
    this.#uses[id] = served
    this.#keys[id] = key
    this.#ids.set(key, id)
    this.#controller.split(id, this.#candidates.take(key))
  }

  /**
   * @param {number} id
   * @returns {string} the name of a class; '*' for the shared one
   */
  nameOf (id) {
    const key = this.#keys[id]
    if (id === SHARED) return '*'
    return key.startsWith(NAMED) ? key.slice(NAMED.length).replace(UNSAFE, percentEncoded) : key
  }

  /** @returns {number[]} the classes in use, the shared one first */
  ids () {
    return [...this.#keys.keys()]
  }

  /**
   * @param {{ candidate: string }} trackedRequest
   * @param {string} whole
   */
  #ofKey (trackedRequest, whole) {
    const key = whole.length > LONGEST_KEY ? whole.slice(0, LONGEST_KEY) : whole
    const id = this.#ids.get(key)
    if (id !== undefined) return this.#use(id)
    trackedRequest.candidate = key
    this.#candidates.arrived(key)
    return this.#use(SHARED)
  }

  /** @param {number} id */
  #use (id) {
    this.#uses[id]++
    if (++this.#requests % FADE_AFTER === 0) this.#fade()
    return id
  }

  #fade () {
    for (let id = 0; id < CLASSES; id++) this.#uses[id] /= 2
    this.#candidates.fade()
  }

  /** @param {number} uses of the route that needs a class */
  #freeId (uses) {
    if (this.#keys.length < CLASSES) return this.#keys.length
    const lessUsed = [...this.#ids.values()].filter((id) => this.#uses[id] < uses)
    const id = lessUsed.sort((a, b) => this.#uses[a] - this.#uses[b]).find((id) => this.#controller.forget(id))
    if (id === undefined) return SHARED
    this.#ids.delete(this.#keys[id])
    this.#byUrl.clear()
    this.#lastMethod = ''
    this.#urls = 0
    return id
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {number} id
   */
  #remember (method, url, id) {
    if (this.#urls >= MOST_URLS || url.length > LONGEST_KEY) return
    const urls = this.#byUrl.get(method) ?? new Map()
    urls.set(url, id)
    this.#byUrl.set(method, urls)
    this.#urls++
  }
}

/** @param {string} character */
function percentEncoded (character) {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

module.exports = { RouteClasses }
