'use strict'

// Items per second of spillway's stream functions and of other packages. The candidates alternate in one process, so that
// a slowdown of the machine affects all of them. Each round gives a ratio to spillway's time; the median of these counts.

const { setImmediate: nextTurn } = require('node:timers/promises')

const { whole } = require('../format')
const median = require('../median')
const { contenders } = require('./contenders.js')
const { transforms, NO_HANDLER } = require('./transforms.js')

const ITEMS = 50_000
const WARM_UP_ROUNDS = 2

const items = Array.from({ length: ITEMS }, (_, index) => ({ index }))

let handled = 0
let taken = 0
let inOrder = true

async function handler (item) {
  handled++
  return item
}

async function handleInNextTurn (item) {
  handled++
  await nextTurn()
  return item
}

function take (result) {
  if (result !== items[taken++]) inOrder = false
}

/** @returns {Promise<Record<string, Record<string, () => Promise<unknown>>>>} the candidates by group and by name */
async function listGroups () {
  return {
    ...await contenders(items, handler, take),
    'transform, immediate': transforms(items, handler, take),
    'transform, one turn per item': transforms(items, handleInNextTurn, take)
  }
}

async function measureMs (name, run, deliversResults) {
  handled = taken = 0
  inOrder = true
  const startMs = performance.now()
  await run()
  const ms = performance.now() - startMs
  const expected = { handled: name === NO_HANDLER ? 0 : ITEMS, taken: deliversResults ? ITEMS : 0 }
  if (handled !== expected.handled) throw new Error(`${name} handled ${handled} items of ${expected.handled}`)
  if (taken !== expected.taken) throw new Error(`${name} delivered ${taken} results of ${expected.taken}`)
  if (!inOrder) throw new Error(`${name} delivered results out of order`)
  return ms
}

/** @returns ms of each round, by candidate */
async function alternate (candidates, deliversResults, rounds) {
  const times = Object.fromEntries(Object.keys(candidates).map(name => [name, []]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      const ms = await measureMs(name, run, deliversResults)
      if (round >= 0) times[name].push(ms)
    }
  }
  return times
}

function rows (group, times) {
  const [ours] = Object.values(times)
  return Object.entries(times).map(([name, ms]) =>
    [group, name, whole(ITEMS / median(ms) * 1000), median(ms.map((value, round) => value / ours[round])).toFixed(2)])
}

/**
 * @param {(group: string) => boolean} wanted
 * @param {number} rounds
 * @returns {Promise<{ head: string[], rows: string[][] } | undefined>} undefined if no group is wanted
 */
async function measureThroughput (wanted, rounds) {
  const groups = Object.entries(await listGroups()).filter(([group]) => wanted(group))
  if (groups.length === 0) return undefined
  const table = { head: ['group', 'function', 'items/s', 'time, relative to spillway'], rows: [] }
  for (const [group, candidates] of groups) {
    table.rows.push(...rows(group, await alternate(candidates, !group.endsWith('for each'), rounds)))
  }
  return table
}

module.exports = { measureThroughput, ITEMS }
