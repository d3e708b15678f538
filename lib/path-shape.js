'use strict'

const { pathOfTarget } = require('./target.js')

const MOST_SEGMENTS = 4
/** Stands for an id, and in a shape for what was found to be one. */
const ID = ':'
/** Stands for all segments from the fifth on. */
const REST = '*'
/** In a shape: the place in which keys may differ. No path has it. */
const ANY = '?'
/** Names of routes are mostly short, made of unreserved characters (RFC 3986, section 2.3), and have no digits. */
const NAME = /^[a-z._~-]{0,32}$/i

/**
 * A path with its ids taken out: `/users/42/orders?page=2` becomes `/users/:/orders`.
 *
 * @param {string} url
 */
function shapeOf (url) {
  const segments = pathOfTarget(url).split('/', MOST_SEGMENTS + 2)
  const names = segments.map((segment) => NAME.test(segment) ? segment : ID)
  if (names.length > MOST_SEGMENTS + 1) names[MOST_SEGMENTS + 1] = REST
  return names.join('/')
}

/**
 * What is left of a key when one of its names is taken out, for each of them: of `GET /a/b`,
 * `GET /?/b` and `GET /a/?`.
 *
 * @param {string} key a method, and a path as `shapeOf` gives it
 * @returns {string[]}
 */
function slugShapes (key) {
  const segments = key.split('/')
  return segments.flatMap((segment, i) => {
    if (i === 0 || segment === '' || segment === ID || segment === REST) return []
    return segments.with(i, ANY).join('/')
  })
}

/**
 * @param {string} shape one of slugShapes()
 * @returns {string} the key of the class for all that have it
 */
function keyOfShape (shape) {
  return shape.replace(ANY, ID)
}

module.exports = { keyOfShape, shapeOf, slugShapes }
