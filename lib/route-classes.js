'use strict'

const { pathOfTarget } = require('./target.js')

/**
 * Sorts requests into classes by their path where the framework does not say which route they take:
 * what belongs to one route should share a class, what costs differently should not.
 *
 * Bounded whatever comes in: a shape of path has to be seen often before it gets a class of its own,
 * and all that never do, such as the random paths of a scanner, share one.
 */

/** Classes that the law can tell apart; 0 is the shared one. */
const CLASSES = 256
const SHARED = 0
/** A shape seen this often, among the candidates of the moment, gets a class. */
const SEEN_OFTEN = 16
const MOST_CANDIDATES = 1024
const MOST_URLS = 1024
/** A class not seen among so many requests gives way to a new one, when all are taken. */
const FORGOTTEN_AFTER = 100_000

const LONGEST_KEY = 128
const MOST_SEGMENTS = 4
/** A segment longer than this, or with a digit in it, is taken for an id. */
const LONGEST_NAME = 32

class RouteClasses {
  #routeOf
  #forget
  #requests = 0
  /** @type {Map<string, number>} */
  #ids = new Map()
  /** @type {Map<string, number>} */
  #candidates = new Map()
  /** @type {string[]} */
  #keys = ['']
  #lastSeen = new Float64Array(CLASSES)
  /** The class of each path as it came, for the paths that come again. @type {Map<string, Map<string, number>>} */
  #byUrl = new Map()
  #urls = 0

  /**
   * @param {(method: string, url: string) => string} [routeOf] the route that a path will take; else
   *   it is guessed
   * @param {(id: number) => boolean} [forget] whether what was learnt of a class could be forgotten, so
   *   that another may have its number
   */
  constructor (routeOf = (method, url) => shapeOf(url), forget = () => true) {
    this.#routeOf = routeOf
    this.#forget = forget
  }

  /**
   * @param {string} method
   * @param {string} url path, with or without a query
   * @returns {number} 0 to 255
   */
  ofUrl (method, url) {
    const known = this.#byUrl.get(method)?.get(url)
    if (known !== undefined) {
      this.#lastSeen[known] = ++this.#requests
      return known
    }
    const id = this.ofKey(`${method} ${this.#routeOf(method, url)}`)
    if (id !== SHARED) this.#remember(method, url, id)
    return id
  }

  /**
   * @param {string} key a route's name; only its first 128 characters count
   * @returns {number} 0 to 255
   */
  ofKey (key) {
    if (key.length > LONGEST_KEY) key = key.slice(0, LONGEST_KEY)
    const id = this.#ids.get(key) ?? this.#consider(key)
    this.#lastSeen[id] = ++this.#requests
    return id
  }

  /**
   * @param {number} id
   * @returns {string} the key of a class, '*' for the shared one
   */
  nameOf (id) {
    return id === SHARED ? '*' : this.#keys[id]
  }

  /** @returns {number[]} the classes given, the shared one first */
  ids () {
    return [...this.#keys.keys()]
  }

  /** @param {string} key */
  #consider (key) {
    const seen = (this.#candidates.get(key) ?? 0) + 1
    if (seen < SEEN_OFTEN) {
      if (seen === 1 && this.#candidates.size >= MOST_CANDIDATES) this.#candidates.clear()
      this.#candidates.set(key, seen)
      return SHARED
    }
    const id = this.#freeId()
    if (id === SHARED) return SHARED
    this.#candidates.delete(key)
    this.#ids.set(key, id)
    this.#keys[id] = key
    return id
  }

  #freeId () {
    if (this.#keys.length < CLASSES) return this.#keys.length
    const oldest = this.#lastSeen.indexOf(Math.min(...this.#lastSeen.subarray(1)), 1)
    if (this.#requests - this.#lastSeen[oldest] < FORGOTTEN_AFTER || !this.#forget(oldest)) return SHARED
    this.#ids.delete(this.#keys[oldest])
    this.#byUrl.clear()
    this.#urls = 0
    return oldest
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

/**
 * A path with its ids taken out: `/users/42/orders?page=2` becomes `/users/:/orders`.
 *
 * @param {string} url
 */
function shapeOf (url) {
  const segments = pathOfTarget(url).split('/', MOST_SEGMENTS + 2)
  const names = segments.map((segment) => segment.length > LONGEST_NAME || /\d/.test(segment) ? ':' : segment)
  if (names.length > MOST_SEGMENTS + 1) names[MOST_SEGMENTS + 1] = '*'
  return names.join('/')
}

module.exports = { RouteClasses, shapeOf }
