'use strict'

const { parseArgs } = require('node:util')

const options = {
  only: { type: 'string', multiple: true, default: [] },
  quick: { type: 'boolean', default: false },
  arrivals: { type: 'string' },
  list: { type: 'boolean', default: false },
  missing: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  seconds: { type: 'string' },
  'warm-up': { type: 'string' },
  'time-out': { type: 'string' }
}

const ARRIVALS = ['even', 'poisson']

const full = { seconds: 10, 'warm-up': 1, 'time-out': 6 }
const quick = { seconds: 3, 'warm-up': 1, 'time-out': 3 }

/**
 * @typedef {object} Settings
 * @property {string[]} only patterns of scenario names; empty: all scenarios
 * @property {boolean} quick fewer and shorter runs
 * @property {'even' | 'poisson'} [arrivals] poisson: also for the rows that have even arrivals
 * @property {boolean} list only list what would run
 * @property {boolean} missing leave out what bench/results already has, reliably and of the same commit
 * @property {boolean} write the results into bench/results too
 * @property {number} durationMs length of the counted part of a run; with steps, runs take about twice as long
 * @property {number} warmupMs length of the uncounted part before it
 * @property {number} timeoutMs after which the client gives up on a request
 *
 * @param {string[]} args
 * @returns {Settings}
 * @throws {TypeError | RangeError} for an unknown argument or an invalid value
 */
function readSettings (args) {
  const { values } = parseArgs({ args, options })
  const defaults = values.quick ? quick : full
  if (values.write && values.arrivals === 'poisson') throw new RangeError('--write takes the arrivals of the rows, without --arrivals')
  const ms = name => positive(name, values[name] ?? defaults[name]) * 1000
  const { only, quick: isQuick, list, write, missing, arrivals } = values
  if (arrivals !== undefined && !ARRIVALS.includes(arrivals)) {
    throw new RangeError(`--arrivals must be ${ARRIVALS.join(' or ')}; got '${arrivals}'`)
  }
  return { only, quick: isQuick, list, write, missing, arrivals, durationMs: ms('seconds'), warmupMs: ms('warm-up'), timeoutMs: ms('time-out') }
}

function positive (name, text) {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new RangeError(`--${name} must be a number greater than 0; got '${text}'`)
}

module.exports = readSettings
