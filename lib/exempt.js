'use strict'

const { pathOfTarget } = require('./target.js')
const { settled, userFunction } = require('./user-function.js')

/**
 * @param {string | string[] | ((request: any) => boolean)} exempt paths (a final `*` stands for any
 *   ending), compared as the client sent them; or the user's own function
 * @returns {(arrival: import('./arrival.js').Arrival, request: any) => boolean} the framework's request
 */
function exemptTest (exempt) {
  if (typeof exempt === 'function') {
    const isExempt = userFunction('exempt', 'SPILLWAY_EXEMPT', (request) => settled(exempt(request)))
    return (arrival, request) => Boolean(isExempt(request))
  }
  const patterns = [exempt].flat()
  if (patterns.length === 0) return () => false
  const paths = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return ({ url }) => {
    const path = pathOfTarget(url)
    return paths.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
  }
}

module.exports = { exemptTest }
