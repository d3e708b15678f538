'use strict'

/** @param {number[]} values */
function median (values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

module.exports = median
