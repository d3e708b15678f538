'use strict'

// Loads rows into a database, with eight inserts of 500 rows at a time. It reads no further ahead than that.

const { setTimeout: delay } = require('node:timers/promises')

const { forEachConcurrent } = require('spillway/stream')

const { comparePeakMemory } = require('./support/peak-memory.js')

const ROWS = 500_000

function * rows () {
  for (let id = 0; id < ROWS; id++) yield { id, name: `name ${id}`, note: 'n'.repeat(id % 100) }
}

function * batchesOf (items, size) {
  let batch = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function load (database) {
  await forEachConcurrent(batchesOf(rows(), 500), batch => database.insert(batch), { concurrency: 8 })
}

async function loadAllAtOnce (database) {
  await Promise.all([...rows()].map(row => database.insert([row])))
}

/** Simulates a pool of eight connections. An insert takes 2 ms. */
function fakeDatabase () {
  let inserted = 0
  let free = 8
  const waiting = []
  return {
    get inserted () { return inserted },
    async insert (batch) {
      if (free === 0) await new Promise(resolve => waiting.push(resolve))
      else free--
      if (batch.length > 1 || inserted % 1000 === 0) await delay(2)
      inserted += batch.length
      if (waiting.length > 0) waiting.pop()()
      else free++
    }
  }
}

async function measure (loadInto) {
  const database = fakeDatabase()
  await loadInto(database)
  return `${database.inserted} rows inserted`
}

comparePeakMemory({
  spillway: () => measure(load),
  naive: () => measure(loadAllAtOnce)
})
