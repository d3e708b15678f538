'use strict'

/**
 * `npm run bench:stream`: the speed of spillway/stream compared with other packages, and the limit that concurrency 'auto'
 * finds. `-- --write` puts the results into bench/RESULTS.md; `-- --only transform` measures the groups whose names
 * contain the word (`auto` is one of them); `-- --quick` takes fewer rounds.
 */

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
  if (!throughput && !auto) throw new Error(`no group's name contains '${only}'`)
  const command = ['npm run bench:stream', ...args.length > 0 ? ['--', ...args] : []].join(' ')
  const record = renderRecord({ throughput, rounds, auto, command })
  console.log(record)
  if (write) console.log(writeResults(record))
}

main().catch(error => {
  console.error(`The benchmark failed: ${error.message}`)
  process.exit(1)
})
