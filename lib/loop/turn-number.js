'use strict'

const { binding } = require('../native/binding.js')

/** Not the number of any turn. */
const UNKNOWN_TURN = -1

const shared = binding.turnNumber ?? new Float64Array([UNKNOWN_TURN])

/** @returns {number} an integer that changes with each turn of the event loop; UNKNOWN_TURN if turns are not known */
function turnNumber () {
  return shared[0] | 0 // V8 holds an integer without an allocation
}

module.exports = { UNKNOWN_TURN, turnNumber }
