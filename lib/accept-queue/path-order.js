'use strict'

/**
 * @template Value
 * @param {[pattern: string, value: Value][]} patterns
 * @returns {[pattern: string, value: Value][]} whole paths before prefixes, and long prefixes before short ones
 */
function mostSpecificFirst (patterns) {
  const lengthOf = (/** @type {string} */ pattern) => pattern.endsWith('*') ? pattern.length : Infinity
  return [...patterns].sort(([a], [b]) => lengthOf(b) > lengthOf(a) ? 1 : lengthOf(b) < lengthOf(a) ? -1 : 0)
}

module.exports = { mostSpecificFirst }
