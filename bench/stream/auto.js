'use strict'

// Compares concurrency 'auto' with fixed numbers. Each runs against a downstream of its own, all at the same time, so that
// disturbances affect all of them.

const { setTimeout: sleep } = require('node:timers/promises')

const { forEachConcurrent } = require('../../lib/streams/index.js')
const { percent, rate } = require('../format')
const { SlotsDownstream } = require('./downstream.js')

const SERVICE_MS = 50
const PHASES = [20, 5, 20, 40, 2, 40]
const CANDIDATES = ['auto', 2, 20, 40]
const SETTLE_MS = 8000
const COUNTED_MS = 10_000
const SAMPLE_MS = 20

function * endless () {
  for (;;) yield 0
}

/** A stream that runs until the signal aborts, and its figures since the last `take()`. */
class Candidate {
  #downstream = new SlotsDownstream(PHASES[0], SERVICE_MS)
  #job
  #responses = []
  #limits = []

  constructor (concurrency, signal) {
    this.name = `${concurrency}`
    this.#job = forEachConcurrent(endless(), async () => {
      const startMs = performance.now()
      await this.#downstream.handle()
      this.#responses.push(performance.now() - startMs)
    }, { concurrency, signal })
    this.#job.catch(() => {}) // rejects when the signal aborts
  }

  resize (slots) {
    this.#downstream.slots = slots
    this.#downstream.serve()
  }

  sample () {
    this.#limits.push(this.#job.concurrency)
  }

  take () {
    const responses = this.#responses
    const limits = this.#limits
    this.#responses = []
    this.#limits = []
    return { name: this.name, completed: responses.length, responseMs: mean(responses), limit: mean(limits) }
  }
}

/** @returns {Promise<{ head: string[], rows: string[][] }>} */
async function measureAuto () {
  const stop = new AbortController()
  const candidates = CANDIDATES.map(concurrency => new Candidate(concurrency, stop.signal))
  const table = { head: ['slots', 'concurrency', 'items/s', 'relative to the best fixed number', 'response ms', 'relative to the service time', 'limit'], rows: [] }
  for (const slots of PHASES) {
    for (const candidate of candidates) candidate.resize(slots)
    await sleep(SETTLE_MS)
    for (const candidate of candidates) candidate.take()
    const seconds = await watch(candidates)
    table.rows.push(...rows(slots, candidates.map(candidate => candidate.take()), seconds))
  }
  stop.abort()
  return table
}

async function watch (candidates) {
  const startMs = performance.now()
  while (performance.now() - startMs < COUNTED_MS) {
    for (const candidate of candidates) candidate.sample()
    await sleep(SAMPLE_MS)
  }
  return (performance.now() - startMs) / 1000
}

function rows (slots, results, seconds) {
  const best = Math.max(...results.filter(({ name }) => name !== 'auto').map(({ completed }) => completed))
  return results.map(({ name, completed, responseMs, limit }) => [
    `${slots}`, name, rate(completed / seconds), percent(completed / best), rate(responseMs),
    `${(responseMs / SERVICE_MS).toFixed(2)} x`, limit.toFixed(1)
  ])
}

function mean (values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

module.exports = { measureAuto, SERVICE_MS, SETTLE_MS, COUNTED_MS }
