'use strict'

// Retries that do not make an outage worse. Every request adds a tenth of a retry to a budget, which holds at most ten. While
// the downstream works, each failure is retried. If it keeps failing, it gets 10 % more requests, not six times as many.

const { setTimeout: delay } = require('node:timers/promises')

const { forEachConcurrent } = require('spillway/stream')

const { comparePeakMemory } = require('./support/peak-memory.js')

const REQUESTS = 50_000
const ATTEMPTS = 6
const DELAY_MS = 5

function * requests () {
  for (let id = 0; id < REQUESTS; id++) yield { id, body: 'b'.repeat(1000) + id }
}

async function withRetryBudget (send) {
  await forEachConcurrent(requests(), send, {
    concurrency: 50,
    timeout: 1000,
    onError: 'continue',
    retry: { attempts: ATTEMPTS, delay: DELAY_MS, budget: 0.1 }
  })
}

async function withFiveRetriesEach (send) {
  await Promise.all([...requests()].map(async request => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        return await send(request)
      } catch {
        await delay(DELAY_MS * Math.random())
      }
    }
  }))
}

/** Simulates a downstream that fails occasionally, and always for the second half of the requests. */
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
