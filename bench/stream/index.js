'use strict'

// The stream helpers: how fast they are beside others, and what number 'auto' finds. `npm run bench:stream` prints what is
// in bench/RESULTS.md; `-- --write` puts it there. `-- --only transform` measures the groups whose names contain the word
// (`auto` is one of them), and `-- --quick` takes fewer rounds.

const { parseArgs } = require('node:util')

const { writeResults } = require('../results')
const { measureAuto } = require('./auto.js')
const { renderRecord } = require('./record.js')
const { measureThroughput } = require('./throughput.js')

const ROUNDS = 15
const QUICK_ROUNDS = 3

const options = {
  write: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  quick: { type: 'boolean', default: false }
}

async function main () {
  const args = process.argv.slice(2)
  const { write, only, quick } = parseArgs({ args, options }).values
  if (write && (only || quick)) throw new Error('--write takes a whole run, without --only and --quick')
  const rounds = quick ? QUICK_ROUNDS : ROUNDS
  const wanted = group => group.includes(only)
  const throughput = await measureThroughput(wanted, rounds)
  const auto = wanted('auto') ? await measureAuto() : undefined
  if (!throughput && !auto) throw new Error(`no group is named like ${only}`)
  const command = ['npm run bench:stream', ...args.length > 0 ? ['--', ...args] : []].join(' ')
  const record = renderRecord({ throughput, rounds, auto, command })
  console.log(record)
  if (write) console.log(writeResults(record))
}

main().catch(error => {
  console.error(`The bench failed: ${error.message}`)
  process.exit(1)
})
