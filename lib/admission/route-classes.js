'use strict'

const { METHODS } = require('node:http')
const { Candidates } = require('./candidates.js')
const { shapeOf } = require('./path-shape.js')

/**
 * Sorts requests into classes, by a name that the user gives them or by their path: what belongs to one
 * route should share a class, what costs differently should not.
 *
 * Bounded whatever comes in: what is served often gets a class of its own, and all that is not, such as the
 * random paths of a scanner, shares one. Where all classes are taken, the least used gives way.
 *
 * @typedef {Pick<import('./controller.js').NativeController, 'forget' | 'split'>} ClassController
 */

/** Classes that the admission controller can tell apart; 0 is the shared one. */
const CLASSES = 256
const SHARED = 0
/** A key served this often, as far as it still counts, gets a class. */
const SERVED_OFTEN = 16
/** After so many requests, those before count half. */
const FADE_AFTER = 16_384
const MOST_URLS = 1024

const LONGEST_KEY = 128
/** Begins a key that the user gave: no method does. */
const GIVEN = '='
const KNOWN_METHODS = new Set(METHODS)
/** For all methods that Node's parser of HTTP/1 does not know, and others may let through. */
const UNKNOWN_METHOD = '?'
/** What a page, a log or a terminal could take for more than a name. */
const UNSAFE = /[^ -~]|[<>"'`&\\]/gu

class RouteClasses {
  #controller
  #routeOf
  #candidates = new Candidates()
  #requests = 0
  /** @type {Map<string, number>} */
  #ids = new Map()
  /** By class. */
  #keys = ['']
  #uses = new Float64Array(CLASSES)
  /** The class of each path as it came, for the paths that come again. @type {Map<string, Map<string, number>>} */
  #byUrl = new Map()
  #urls = 0

  /**
   * @param {ClassController} controller
   * @param {(method: string, url: string) => string} [routeOf] the route that a path will take; else it is
   *   guessed
   */
  constructor (controller, routeOf) {
    this.#controller = controller
    this.#routeOf = routeOf ?? ((method, url) => shapeOf(url))
  }

  /**
   * @param {{ candidate: string }} tracked told the key where that has no class: it is for `served`
   * @param {string} method
   * @param {string} url path, with or without a query
   * @returns {number} 0 to 255
   */
  ofUrl (tracked, method, url) {
    const known = this.#byUrl.get(method)?.get(url)
    if (known !== undefined) return this.#use(known)
    const isKnownMethod = KNOWN_METHODS.has(method)
    const route = this.#routeOf(method, url)
    const id = this.#ofKey(tracked, `${isKnownMethod ? method : UNKNOWN_METHOD} ${route}`)
    if (id !== SHARED && isKnownMethod) this.#remember(method, url, id)
    return id
  }

  /**
   * @param {{ candidate: string }} tracked as above
   * @param {string} name only its first 127 characters count
   * @returns {number} 0 to 255
   */
  ofName (tracked, name) {
    return this.#ofKey(tracked, GIVEN + name)
  }

  /**
   * A request was served that had no class: its route exists.
   *
   * @param {string} key as `tracked.candidate` had it
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
   * @returns {string} the name of a class, '*' for the shared one
   */
  nameOf (id) {
    const key = this.#keys[id]
    if (id === SHARED) return '*'
    return key.startsWith(GIVEN) ? key.slice(GIVEN.length).replace(UNSAFE, percentEncoded) : key
  }

  /** @returns {number[]} the classes given, the shared one first */
  ids () {
    return [...this.#keys.keys()]
  }

  /**
   * @param {{ candidate: string }} tracked
   * @param {string} whole
   */
  #ofKey (tracked, whole) {
    const key = whole.length > LONGEST_KEY ? whole.slice(0, LONGEST_KEY) : whole
    const id = this.#ids.get(key)
    if (id !== undefined) return this.#use(id)
    tracked.candidate = key
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

  /** @param {number} uses of the one that wants it */
  #freeId (uses) {
    if (this.#keys.length < CLASSES) return this.#keys.length
    const lessUsed = [...this.#ids.values()].filter((id) => this.#uses[id] < uses)
    const id = lessUsed.sort((a, b) => this.#uses[a] - this.#uses[b]).find((id) => this.#controller.forget(id))
    if (id === undefined) return SHARED
    this.#ids.delete(this.#keys[id])
    this.#byUrl.clear()
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
