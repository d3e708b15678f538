'use strict'

// Reads newline-delimited JSON as it arrives over the network, and stores eight records at a time.

const { once } = require('node:events')
const http = require('node:http')
const { Readable } = require('node:stream')
const { setImmediate: store } = require('node:timers/promises') // simulates a database

const { forEachConcurrent } = require('spillway/stream')

const { comparePeakMemory } = require('./support/peak-memory.js')

const RECORDS = 300_000

async function * linesOf (bytes) {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop()
    yield * lines
  }
  if (rest !== '') yield rest
}

async function asItComes (response) {
  let sum = 0
  await forEachConcurrent(linesOf(response), async line => {
    const record = JSON.parse(line)
    await store()
    sum += record.id
  }, { concurrency: 8 })
  return sum
}

async function allAtOnce (response) {
  const text = Buffer.concat(await response.toArray()).toString()
  const records = text.trimEnd().split('\n').map(line => JSON.parse(line))
  let sum = 0
  await Promise.all(records.map(async record => {
    await store()
    sum += record.id
  }))
  return sum
}

async function measure (read) {
  const server = http.createServer((req, res) => {
    Readable.from((function * () {
      let lines = ''
      for (let id = 0; id < RECORDS; id++) {
        lines += `${JSON.stringify({ id, note: 'n'.repeat(100) })}\n`
        if (id % 100 < 99) continue
        yield lines
        lines = ''
      }
    })()).pipe(res)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const [response] = await once(http.get({ port: server.address().port }), 'response')
  const sum = await read(response)
  server.close()
  server.closeAllConnections()
  return `the ids add up to ${sum}`
}

comparePeakMemory({
  spillway: () => measure(asItComes),
  naive: () => measure(allAtOnce)
})
