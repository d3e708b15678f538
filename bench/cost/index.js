'use strict'

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

/** What this package costs when nothing is wrong. */
async function main () {
  const args = process.argv.slice(2)
  const { values } = parseArgs({ args, options })
  const settings = { ...values.quick ? quick : full, only: values.only }
  const throughput = await measureThroughput(settings)
  const calls = await measureCalls(settings)
  const signals = await ask('./signals', { rounds: settings.rounds })
  const wakeUps = await measureWakeUps(settings)

  const command = ['npm run bench:cost', ...args.length > 0 ? ['--', ...args] : []].join(' ')
  const record = renderRecord({ throughput, calls, signals, wakeUps }, settings, command)
  console.log(record)
  if (values.write) console.log(writeResults(record))
}

async function measureCalls ({ callRounds }) {
  console.error('ns per call')
  const { nothing, ...calls } = await ask('./calls', { rounds: callRounds })
  return calls
}

async function ask (file, question) {
  const child = startChild(require.resolve(file), 'last')
  try {
    return await child.ask(question)
  } finally {
    await child.stop()
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => process.exit(128 + os.constants.signals[signal]))
}

main().then(() => process.exit(), error => {
  console.error(`The bench failed: ${error.message}`)
  process.exit(1)
})
