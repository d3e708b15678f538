'use strict'

const { pathOfTarget } = require('./target.js')
const { mostSpecificFirst } = require('../accept-queue/path-order.js')

/** Matches the parts of a path that may lead to another path once a server has decoded and normalized it. */
const MAY_LEAVE = /\/\.|\\|%2e|%2f|%5c/i

/**
 * Values for paths, which are compared as the client sent them. A final `*` of a pattern stands for any ending that cannot
 * lead out of the path before it. The native counterpart is src/accept_queue/path_patterns.cc.
 *
 * @template Value
 */
class PathPatterns {
  /** @type {Map<string, Value>} */
  #paths = new Map()
  /** @type {{ prefix: Prefix, value: Value }[]} */
  #prefixes = []

  /** @param {[pattern: string, value: Value][]} patterns */
  constructor (patterns) {
    for (const [pattern, value] of mostSpecificFirst(patterns)) {
      if (pattern.endsWith('*')) this.#prefixes.push({ prefix: new Prefix(pattern.slice(0, -1)), value })
      else this.#paths.set(pattern, value)
    }
  }

  /**
   * @param {string} url a request target
   * @returns {Value | undefined} that of the most specific pattern that matches
   */
  find (url) {
    const path = pathOfTarget(url)
    return this.#paths.get(path) ?? this.#prefixes.find(({ prefix }) => prefix.matches(path))?.value
  }
}

/** A pattern that ends in `*`. */
class Prefix {
  #text
  #restBegin

  /** @param {string} text without the `*` */
  constructor (text) {
    this.#text = text
    // A final slash, and dots after it, may be the beginning of a dot segment.
    this.#restBegin = text.replace(/\/\.*$/, '').length
  }

  /** @param {string} path */
  matches (path) {
    return path.startsWith(this.#text) && !MAY_LEAVE.test(path.slice(this.#restBegin))
  }
}

module.exports = { PathPatterns }
