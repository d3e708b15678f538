'use strict'

const { settled, userFunction } = require('../options/user-function.js')
const { pathOfTarget } = require('../requests/target.js')

/** Matches the parts of a path that may lead to another path once a server has decoded and normalized it. */
const MAY_LEAVE = /\/\.|\\|%2e|%2f|%5c/i

/**
 * @param {string | string[] | ((request: any) => boolean)} exempt paths, compared as the client sent them (a final `*`
 *   stands for any ending that cannot lead out of the path before it); or a function
 * @returns {(trackedRequest: { url: string }, request: any) => boolean} `request` is the framework's
 */
function exemptTest (exempt) {
  if (typeof exempt === 'function') {
    const isExempt = userFunction('exempt', 'SPILLWAY_EXEMPT', (request) => settled(exempt(request)))
    return (trackedRequest, request) => Boolean(isExempt(request))
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

/** A pattern that ends in `*`. The native counterpart is src/accept_queue/path_patterns.cc. */
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

module.exports = { exemptTest }
