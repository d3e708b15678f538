'use strict'

const { pathOfTarget } = require('../requests/target.js')

const MOST_SEGMENTS = 4
/** Replaces an id. */
const ID = ':'
/** Replaces all segments from the fifth on. */
const REST = '*'
/**
 * The names in routes are usually short, contain no digits, and consist of unreserved characters (RFC 3986, section 2.3).
 */
const NAME = /^[a-z._~-]{0,32}$/i

/**
 * Replaces the ids in a path: `/users/42/orders?page=2` becomes `/users/:/orders`.
 *
 * @param {string} url
 */
function shapeOf (url) {
  const segments = pathOfTarget(url).split('/', MOST_SEGMENTS + 2)
  const names = segments.map((segment) => NAME.test(segment) ? segment : ID)
  if (names.length > MOST_SEGMENTS + 1) names[MOST_SEGMENTS + 1] = REST
  return names.join('/')
}

module.exports = { shapeOf }
