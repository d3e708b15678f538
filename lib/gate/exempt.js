'use strict'

const { pathOfTarget } = require('../requests/target.js')
const { settled, userFunction } = require('../options/user-function.js')

/** What may lead to another path once a server has normalised or decoded it. */
const LEAVES = /\/\.|\\|%2e|%2f|%5c/i

/**
 * @param {string | string[] | ((request: any) => boolean)} exempt paths (a final `*` stands for any
 *   ending that cannot lead out of what precedes it), compared as the client sent them; or the
 *   user's own function
 * @returns {(tracked: import('../requests/tracked-request.js').TrackedRequest, request: any) => boolean} the framework's request
 */
function exemptTest (exempt) {
  if (typeof exempt === 'function') {
    const isExempt = userFunction('exempt', 'SPILLWAY_EXEMPT', (request) => settled(exempt(request)))
    return (tracked, request) => Boolean(isExempt(request))
  }
  const patterns = [exempt].flat()
  if (patterns.length === 0) return () => false
  const paths = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => new Prefix(pattern.slice(0, -1)))
  return ({ url }) => {
    const path = pathOfTarget(url)
    return paths.has(path) || prefixes.some((prefix) => prefix.matches(path))
  }
}

/** A pattern that ends in `*`. The same as in src/path_patterns.cc. */
class Prefix {
  #text
  #restBegin

  /** @param {string} text without the `*` */
  constructor (text) {
    this.#text = text
    // A final slash, and dots behind it, may be the first part of a dot segment.
    this.#restBegin = text.replace(/\/\.*$/, '').length
  }

  /** @param {string} path */
  matches (path) {
    return path.startsWith(this.#text) && !LEAVES.test(path.slice(this.#restBegin))
  }
}

module.exports = { exemptTest }
