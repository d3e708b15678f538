'use strict'

// Items per second of the stream helpers beside their peers. The candidates take turns in one process, so that a machine
// that slows down slows them all; each round gives a ratio, and the median of these is what counts.

const median = require('../cost/median')
const { whole } = require('../format')
const { contenders } = require('./contenders.js')

const ITEMS = 50_000
const WARM_UP_ROUNDS = 2
const ROUNDS = 15

const items = Array.from({ length: ITEMS }, (_, index) => index)
const expectedSum = ITEMS * (ITEMS - 1) / 2

let handled = 0
let taken = 0

async function handler (item) {
  handled += item
  return item
}

function take (result) {
  taken += result
}

async function measureMs (run, deliversResults) {
  handled = taken = 0
  const startedAt = performance.now()
  await run()
  const ms = performance.now() - startedAt
  if (handled !== expectedSum || (deliversResults && taken !== expectedSum)) throw new Error(`${run} lost items`)
  return ms
}

/** @returns the milliseconds of each round, by candidate */
async function alternate (candidates, deliversResults) {
  const times = Object.fromEntries(Object.keys(candidates).map(name => [name, []]))
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      const ms = await measureMs(run, deliversResults)
      if (round >= 0) times[name].push(ms)
    }
  }
  return times
}

function rows (work, times) {
  const [ours] = Object.values(times)
  return Object.entries(times).map(([name, ms]) =>
    [work, name, whole(ITEMS / median(ms) * 1000), median(ms.map((value, round) => value / ours[round])).toFixed(2)])
}

/** @returns {Promise<{ head: string[], rows: string[][] }>} */
async function measureThroughput () {
  const table = { head: ['work', 'helper', 'items/s', 'time, the first of its group = 1'], rows: [] }
  for (const [work, candidates] of Object.entries(await contenders(items, handler, take))) {
    table.rows.push(...rows(work, await alternate(candidates, work.endsWith('map'))))
  }
  return table
}

module.exports = { measureThroughput, ITEMS, ROUNDS }
