'use strict'

/**
 * A percentile by the nearest-rank method.
 *
 * @param {Iterable<number>} values
 * @param {number} share from 0 to 1
 * @returns {number | null} null if there are no values
 */
function percentile (values, share) {
  const sorted = Float64Array.from(values).sort()
  return sorted.at(Math.ceil(share * sorted.length) - 1) ?? null
}

module.exports = percentile
