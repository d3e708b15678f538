'use strict'

/**
 * `npm run bench:cost`: what spillway costs a server that is not overloaded. `-- --quick` takes fewer and shorter
 * rounds; `-- --only calls` measures the parts whose names contain the word (`calls`, `signals`, `wake-ups`, or a
 * pair of servers such as `throughput/http/guard`); `-- --against DIR` compares the calls with those of another built
 * checkout, in alternation; `-- --write` puts a whole run into bench/RESULTS.md.
 */

const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')

const { renderRecord } = require('./record')
const measureThroughput = require('./throughput')
const measureWakeUps = require('./wake-ups')
const median = require('../median')
const startChild = require('../child')
const { writeResults } = require('../results')

const ROOT = path.join(__dirname, '..', '..')

// How often this checkout and the other one alternate.
const PARTS = 10

const full = { rounds: 21, roundMs: 2000, callRounds: 201, idleMs: 10_000 }
const quick = { rounds: 11, roundMs: 500, callRounds: 51, idleMs: 3000 }

const options = {
  quick: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] },
  against: { type: 'string' }
}

async function main () {
  const args = process.argv.slice(2)
  const { quick: isQuick, write, only, against } = parseArgs({ args, options }).values
  if (write && (only.length > 0 || against)) throw new Error('--write takes a whole run, without --only and --against')
  const settings = isQuick ? quick : full
  const wanted = name => only.length === 0 || only.some(word => name.includes(word))

  const measured = {
    throughput: await measureThroughput(settings, wanted),
    calls: wanted('calls') ? await measureCalls(settings, against) : {},
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

/** @returns {Promise<Record<string, number[]>>} ns by call: of this checkout, and of the other one if there is one */
async function measureCalls ({ callRounds }, against) {
  console.error('calls')
  const roots = against === undefined ? [ROOT] : [ROOT, path.resolve(against)]
  const rounds = Math.ceil(callRounds / PARTS)
  const calls = {}
  for (const file of ['./calls', './native-calls']) {
    const children = roots.map(() => startChild(require.resolve(file), 'last'))
    try {
      const parts = roots.map(() => [])
      for (let part = 0; part < PARTS; part++) {
        for (const [i, root] of roots.entries()) parts[i].push(await children[i].ask({ rounds, root }))
      }
      for (const name of Object.keys(parts[0][0])) {
        calls[name] = parts.map(results => median(results.map(result => result[name])))
      }
    } finally {
      for (const child of children) await child.stop()
    }
  }
  return calls
}

async function measureSignals ({ rounds }) {
  console.error('signals')
  const child = startChild(require.resolve('./signals'), 'last')
  try {
    return await child.ask({ rounds })
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
