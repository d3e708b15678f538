'use strict'

/**
 * `npm run bench:cost`: what spillway costs a server that is not overloaded. `-- --quick` takes fewer and shorter
 * rounds; `-- --only calls` measures the parts whose names contain the word (`calls`, `signals`, `wake-ups`, or a
 * pair of servers such as `throughput/http/guard`); `-- --write` puts a whole run into bench/RESULTS.md.
 */

const os = require('node:os')
const { parseArgs } = require('node:util')

const { renderRecord } = require('./record')
const measureThroughput = require('./throughput')
const measureWakeUps = require('./wake-ups')
const startChild = require('../child')
const { writeResults } = require('../results')

const full = { rounds: 21, roundMs: 2000, callRounds: 201, idleMs: 10_000 }
const quick = { rounds: 11, roundMs: 500, callRounds: 51, idleMs: 3000 }

const options = {
  quick: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] }
}

async function main () {
  const args = process.argv.slice(2)
  const { quick: isQuick, write, only } = parseArgs({ args, options }).values
  if (write && only.length > 0) throw new Error('--write takes a whole run, without --only')
  const settings = isQuick ? quick : full
  const wanted = name => only.length === 0 || only.some(word => name.includes(word))

  const measured = {
    throughput: await measureThroughput(settings, wanted),
    calls: wanted('calls') ? await measureCalls(settings) : {},
    signals: wanted('signals') ? await measureSignals(settings) : {},
    wakeUps: wanted('wake-ups') ? await measureWakeUps(settings) : {}
  }
  if (Object.values(measured).every(part => Object.keys(part).length === 0)) {
    throw new Error(`no part's name contains '${only.join("' or '")}'`)
  }

  const command = ['npm run bench:cost', ...args.length > 0 ? ['--', ...args] : []].join(' ')
  const record = renderRecord(measured, settings, command)
  console.log(record)
  if (write) console.log(writeResults(record))
}

async function measureCalls ({ callRounds: rounds }) {
  console.error('calls')
  return { ...await ask('./calls', { rounds }), ...await ask('./native-calls', { rounds }) }
}

function measureSignals ({ rounds }) {
  console.error('signals')
  return ask('./signals', { rounds })
}

async function ask (file, question) {
  const child = startChild(require.resolve(file), 'last')
  try {
    return await child.ask(question)
  } finally {
    await child.stop()
  }
}

// The 'exit' event, which process.exit() emits, ends the child processes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => process.exit(128 + os.constants.signals[signal]))
}

main().then(() => process.exit(), error => {
  console.error(`The benchmark failed: ${error.message}`)
  process.exit(1)
})
