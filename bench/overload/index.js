'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const createProgress = require('../progress')
const readSettings = require('./settings')
const renderPage = require('./page')
const { choose } = require('./scenarios')
const { installPeers } = require('./peers')
const { markdown, tabulate } = require('./table')
const { plan, runSweep } = require('./sweep')
const { renderRecord } = require('./record')
const { writeResults } = require('../results')

const PAGE = 'overload.html'
const TABLE = 'overload.md'

async function main () {
  const args = process.argv.slice(2)
  const settings = readSettings(args)
  const scenarios = choose(settings)
  if (scenarios.length === 0) throw new Error('--only matches no scenario; --list lists them')
  const steps = plan(scenarios, settings)
  if (settings.list) return list(steps)

  installPeers(scenarios)
  const progress = createProgress(steps)
  process.once('exit', progress.stop)
  const outcomes = await runSweep(steps, settings, progress)
  progress.stop()

  const command = ['npm run bench:overload', ...args.length > 0 ? ['--', ...args] : []].join(' ')
  const record = renderRecord(outcomes, settings, command)
  console.log(`${markdown(tabulate(outcomes))}\n`)
  write(TABLE, record)
  write(PAGE, renderPage(outcomes, settings, command))
  if (settings.write) console.log(writeResults(record))
}

function list (steps) {
  for (const { kind, label } of steps) if (kind === 'run') console.log(label)
  const minutes = steps.reduce((sum, step) => sum + step.expectedMs, 0) / 60_000
  console.error(`${steps.filter(({ kind }) => kind === 'run').length} runs, ${minutes.toFixed(1)} min without repetitions`)
}

function write (name, text) {
  const file = path.resolve(name)
  fs.writeFileSync(file, text)
  console.log(file)
}

// The 'exit' event, which process.exit() emits, ends the child processes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => process.exit(128 + os.constants.signals[signal]))
}

main().catch(error => {
  console.error(`The benchmark failed: ${error.message}`)
  process.exit(1)
})
