'use strict'

const { parseArgs } = require('node:util')

const defaults = { levels: '0.5,1,2,6', seconds: '3', 'warm-up': '1.25', 'time-out': '4', spike: '5' }

/**
 * @typedef {object} Settings
 * @property {number[]} levels offered load, in multiples of the capacity
 * @property {number} durationMs length of the counted part of each level
 * @property {number} warmupMs length of the uncounted part before it
 * @property {number} spikeMs length of the spike; what follows is watched for three times as long
 * @property {boolean} write the results into bench/results too
 * @property {number} timeoutMs after which the client gives up on a request
 *
 * @param {string[]} args
 * @returns {Settings}
 * @throws {TypeError | RangeError} for an unknown argument or an invalid value
 */
function readSettings (args) {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }]))
  const { values } = parseArgs({ args, options: { ...options, write: { type: 'boolean', default: false } } })
  const ms = name => positive(name, values[name]) * 1000
  return {
    levels: values.levels.split(',').map(level => positive('levels', level)),
    durationMs: ms('seconds'),
    warmupMs: ms('warm-up'),
    timeoutMs: ms('time-out'),
    spikeMs: ms('spike'),
    write: values.write
  }
}

function positive (name, text) {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new RangeError(`--${name} must be ${name === 'levels' ? 'numbers' : 'a number'} greater than 0; got '${text}'`)
}

module.exports = readSettings
