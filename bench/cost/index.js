'use strict'

const os = require('node:os')
const { parseArgs } = require('node:util')

const measureThroughput = require('./throughput')
const measureWakeUps = require('./wake-ups')
const startChild = require('../child')
const { machine, now } = require('../machine')
const { whole } = require('../format')

const full = { rounds: 21, roundMs: 2000, callRounds: 201, idleMs: 10_000 }
const quick = { rounds: 5, roundMs: 500, callRounds: 51, idleMs: 3000 }

const options = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] }
}

/** What this package costs when nothing is wrong. */
async function main () {
  const { values } = parseArgs({ options })
  const settings = { ...values.quick ? quick : full, only: values.only }
  const throughput = await measureThroughput(settings)
  const calls = await measureCalls(settings)
  const signals = await ask('./signals', { rounds: settings.rounds })
  const wakeUps = await measureWakeUps(settings)

  console.log(`${machine()}, Node.js ${process.versions.node}, ${now()}\n`)
  print(['hello world', 'with', 'answers/s without', 'with / without', 'by CPU time', 'to reach', 'refused'],
    throughput.map(({ framework, protection, perSecond, ratio, cpuRatio, atLeast, refused }) =>
      [framework, protection, whole(perSecond), ratio.toFixed(3), cpuRatio.toFixed(3), atLeast === undefined ? '' : `>= ${atLeast}`, whole(refused)]))
  print(['call', 'ns'], Object.entries(calls).map(([name, ns]) => [name, ns.toFixed(1)]))
  print(['signal', 'ns'], Object.entries(signals).map(([name, ns]) => [name, ns.toFixed(1)]))
  print(['idle process', 'wake-ups/s'], Object.entries(wakeUps).map(([name, n]) => [name, n.toFixed(2)]))
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

function print (head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  console.log(`${[head, head.map(() => '---'), ...rows].map(line).join('\n')}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => process.exit(128 + os.constants.signals[signal]))
}

main().then(() => process.exit(), error => {
  console.error(`The bench failed: ${error.message}`)
  process.exit(1)
})
