'use strict'

// The stream helpers: how fast they are beside others, and what number 'auto' finds. `npm run bench:stream` prints what is
// in bench/RESULTS.md; `-- --write` puts it there.

const { parseArgs } = require('node:util')

const { writeResults } = require('../results')
const { measureAuto } = require('./auto.js')
const { renderRecord } = require('./record.js')
const { measureThroughput } = require('./throughput.js')

async function main () {
  const args = process.argv.slice(2)
  const { values: { write } } = parseArgs({ args, options: { write: { type: 'boolean', default: false } } })
  const throughput = await measureThroughput()
  const auto = await measureAuto()
  const command = ['npm run bench:stream', ...args.length > 0 ? ['--', ...args] : []].join(' ')
  const record = renderRecord(throughput, auto, command)
  console.log(record)
  if (write) console.log(writeResults(record))
}

main().catch(error => {
  console.error(`The bench failed: ${error.message}`)
  process.exit(1)
})
