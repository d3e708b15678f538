'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const createProgress = require('../progress')
const readSettings = require('./settings')
const renderPage = require('./page')
const judge = require('./judge')
const { choose } = require('./scenarios')
const { findPostgres, startPostgres } = require('../postgres')
const { installPackages } = require('./packages')
const { markdown, tabulate } = require('./table')
const { plan, runSweep } = require('./sweep')
const { conditionsOf, renderRecord } = require('./record')
const { hasProxy } = require('../proxies')
const { proxyOf } = require('../servers')
const { merge, namesDone } = require('./section')
const { readSection, writeSection } = require('../results/store')
const { saveSection } = require('../results')

const PAGE = 'overload.html'
const TABLE = 'overload.md'
const SECTION = 'overload'

async function main () {
  const args = process.argv.slice(2)
  const settings = readSettings(args)
  const command = ['npm run bench:overload', ...args.length > 0 ? ['--', ...args] : []].join(' ')
  if (choose(settings).length === 0) throw new Error('--only matches no scenario; --list lists them')
  const done = settings.missing ? namesDone(readSection(SECTION), conditionsOf(settings, command)) : undefined
  const chosen = choose(settings, done)
  if (settings.list) return list(plan(chosen, settings))
  const lacking = chosen.map(lackedBy)
  const scenarios = chosen.filter((_, i) => lacking[i] === undefined)
  for (const program of new Set(lacking.filter(Boolean))) {
    console.error(`The rows that need ${program} are skipped: it is not installed.`)
  }
  if (scenarios.length === 0) return console.error('There is nothing to measure.')

  installPackages(scenarios)
  const conditions = conditionsOf(settings, command)
  const outcomes = judge(await run(scenarios, settings, outcome => {
    // At once, so that an interrupted sweep can be continued.
    if (settings.write) writeSection(SECTION, merge(readSection(SECTION), [outcome], conditions))
  }))
  const record = renderRecord(outcomes, { this: conditions })
  console.log(`${markdown(tabulate(outcomes))}\n`)
  write(TABLE, record)
  write(PAGE, renderPage(outcomes, settings, command))
  if (settings.write) console.log(saveSection(SECTION, readSection(SECTION)))
}

/** @returns {string | undefined} a program that the run needs and that is not installed */
function lackedBy ({ workload, framework }) {
  if (needsDatabase(workload) && findPostgres() === undefined) return 'PostgreSQL'
  const proxy = proxyOf(framework)
  return proxy === undefined || hasProxy(proxy) ? undefined : proxy
}

/** @param {string} workload */
function needsDatabase (workload) {
  return require(`../workloads/${workload}`).database === true
}

async function run (scenarios, settings, onOutcome) {
  const database = scenarios.some(({ workload }) => needsDatabase(workload)) ? await startPostgres(findPostgres()) : undefined
  Object.assign(process.env, database?.env)
  const steps = plan(scenarios, settings)
  const progress = createProgress(steps)
  process.once('exit', progress.stop)
  try {
    return await runSweep(steps, settings, progress, onOutcome)
  } finally {
    progress.stop()
    await database?.stop()
  }
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
