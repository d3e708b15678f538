'use strict'

const { settled, userFunction } = require('../options/user-function.js')
const { PathPatterns } = require('../requests/path-patterns.js')

/**
 * @param {string | string[] | ((request: any) => boolean)} exempt path patterns; or a function
 * @returns {(trackedRequest: { url: string }, request: any) => boolean} `request` is the framework's
 */
function exemptTest (exempt) {
  if (typeof exempt === 'function') {
    const isExempt = userFunction('exempt', 'SPILLWAY_EXEMPT', (request) => settled(exempt(request)))
    return (trackedRequest, request) => Boolean(isExempt(request))
  }
  const patterns = new PathPatterns([exempt].flat().map((pattern) => [pattern, true]))
  return ({ url }) => patterns.find(url) === true
}

module.exports = { exemptTest }
