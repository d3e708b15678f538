'use strict'

const { pathOfTarget } = require('./target.js')
const { settled, userFunction } = require('./user-function.js')

/**
 * @param {string | string[] | ((request: any) => boolean)} exempt paths (a final `*` stands for any
 *   ending), compared as the client sent them; or the user's own function
 * @returns {(raw: any, request: any) => boolean} of Node's request and the framework's
 */
function exemptTest (exempt) {
  if (typeof exempt === 'function') {
    const isExempt = userFunction('exempt', 'SPILLWAY_EXEMPT', (request) => settled(exempt(request)))
    return (raw, request) => Boolean(isExempt(request))
  }
  const patterns = [exempt].flat()
  if (patterns.length === 0) return () => false
  const paths = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return (raw, request) => {
    const path = pathOf(raw, request)
    return paths.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
  }
}

/**
 * The path that the client asked for: a mounted application's prefix is stripped from `url`.
 *
 * @param {any} raw
 * @param {any} request
 * @returns {string}
 */
function pathOf (raw, request) {
  return pathOfTarget(raw.originalUrl ?? request.originalUrl ?? raw.url)
}

module.exports = { exemptTest }
