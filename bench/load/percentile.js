'use strict'

/**
 * By nearest rank.
 *
 * @param {Iterable<number>} values
 * @param {number} share from 0 to 1
 * @returns {number | null} null of none
 */
function percentile (values, share) {
  const sorted = Float64Array.from(values).sort()
  return sorted.at(Math.ceil(share * sorted.length) - 1) ?? null
}

module.exports = percentile
