'use strict'

// Retries that do not make an outage worse: every request earns a tenth of a retry, and ten at most are saved up. While
// the downstream works, each failure is retried; when it fails for good, it sees 10 % more requests, and not six times
// as many.

const { setTimeout: delay } = require('node:timers/promises')

const { forEachConcurrent } = require('spillway/stream')

const { comparePeakMemory } = require('./support/peak-memory.js')

const REQUESTS = 50_000
const RETRIES_PER_REQUEST = 0.1
const MOST_RETRIES_SAVED = 10

function * requests () {
  for (let id = 0; id < REQUESTS; id++) yield { id, body: 'b'.repeat(1000) + id }
}

async function withRetryBudget (send) {
  let retries = MOST_RETRIES_SAVED

  async function sendWithRetries (request, { signal }) {
    retries = Math.min(retries + RETRIES_PER_REQUEST, MOST_RETRIES_SAVED)
    for (;;) {
      try {
        return await send(request, signal)
      } catch (error) {
        if (retries < 1) throw error
        retries--
        await delay(5 * Math.random(), undefined, { signal })
      }
    }
  }

  return forEachConcurrent(requests(), sendWithRetries, { concurrency: 50, timeout: 1000, onError: 'continue' })
}

async function withFiveRetriesEach (send) {
  await Promise.all([...requests()].map(async request => {
    for (let attempt = 0; attempt <= 5; attempt++) {
      try {
        return await send(request)
      } catch {
        await delay(5 * Math.random())
      }
    }
  }))
}

/** Stands for a downstream that fails now and then, and for the second half of the requests always. */
async function measure (sendAll) {
  let attempts = 0
  await sendAll(async ({ id }) => {
    attempts++
    await null
    if (id > REQUESTS / 2 || Math.random() < 0.01) throw new Error('the downstream failed')
  })
  return `${attempts} attempts for ${REQUESTS} requests`
}

comparePeakMemory({
  spillway: () => measure(withRetryBudget),
  naive: () => measure(withFiveRetriesEach)
})
