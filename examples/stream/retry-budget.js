'use strict'

// Retries that do not make an outage worse: every request earns a tenth of a retry, and ten at most are saved up. While
// the downstream works, each failure is retried; when it fails for good, it sees 10 % more requests, and not six times
// as many.

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
