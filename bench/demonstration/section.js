'use strict'

const { canPin } = require('../child/cores')
const { conditions } = require('../conditions')
const { markdown } = require('../overload/table')
const { percent, whole } = require('../format')
const { tabulate } = require('./table')
const { ATTEMPT_TIMEOUT_MS, BELOW, IN_TIME_MS, RETRIES, SPIKE } = require('./spike')

const COMMAND = 'npm start -- --write'

/**
 * The part of bench/results that the demonstration writes.
 *
 * @param {import('./experiment').Result} result
 * @param {import('./settings').Settings} settings
 */
function sectionOf (result, settings) {
  const { capacity, spikes, measurements } = result
  const cores = `server and client ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}`
  const comparedWith = `express ${require('express/package.json').version}`
  return {
    title: 'Demonstration',
    conditions: Object.fromEntries(conditions({ command: COMMAND, comparedWith, cores })),
    body: renderBody(result, settings),
    capacity,
    spikeMs: settings.spikeMs,
    spikes,
    measurements: measurements.map(({ protection, level, report: { perSecond, okMs, refusedMs, invalid } }) =>
      ({ protection, level, perSecond, okMs, refusedMs, invalid }))
  }
}

function renderBody (result, { spikeMs, durationMs, warmupMs, timeoutMs }) {
  return `The Express server of the workload cpu-steps answers ${whole(result.capacity)} requests/s (its capacity). All requests arrive on new connections.

## A spike, and clients that try again

The load is ${BELOW} times the capacity, for ${spikeMs / 1000} s ${SPIKE} times, then ${BELOW} times again. Clients that get no answer 200 within
${ATTEMPT_TIMEOUT_MS / 1000} s try again after ${RETRIES.pauseMs.join(' to ')} ms, up to ${RETRIES.attempts} times in all. The table has the share of the requests that were
answered with 200 within ${IN_TIME_MS / 1000} s of the first attempt, by the second of that attempt. Second 0 is the first of the spike.

${markdown(spikeTable(result.spikes))}

## A steady load

Counted are the requests of ${durationMs / 1000} s, after ${warmupMs / 1000} s at the same load. The client gives up after ${timeoutMs / 1000} s.

${markdown(escaped(tabulate(result)))}`
}

function spikeTable (spikes) {
  return {
    head: ['second', ...spikes.map(({ protection }) => protection ?? 'none')],
    rows: spikes[0].seconds.map(({ second }) => [String(second), ...spikes.map(({ seconds }) => {
      const of = seconds.find(each => each.second === second)
      return of ? percent(of.share) : '-'
    })]),
    notes: spikes.filter(({ invalid }) => invalid).map(({ protection, invalid }) => `\\* unreliable: ${protection ?? 'none'}: ${invalid}`)
  }
}

function escaped ({ head, rows, notes }) {
  const escape = text => text.replaceAll('*', '\\*')
  return { head, rows: rows.map(cells => cells.map(escape)), notes: notes.map(escape) }
}

module.exports = sectionOf
