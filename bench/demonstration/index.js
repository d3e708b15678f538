'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const createProgress = require('../progress')
const readSettings = require('./settings')
const renderPage = require('./page')
const { plan, runExperiment } = require('./experiment')
const sectionOf = require('./section')
const { saveSection } = require('../results')
const { printable, tabulate } = require('./table')
const { whole } = require('../format')

const PAGE = 'demonstration.html'

async function main () {
  const settings = readSettings(process.argv.slice(2))
  const progress = createProgress(plan(settings))
  process.once('exit', progress.stop)
  const result = await runExperiment(settings, progress)
  progress.stop()

  console.log(`Capacity: ${whole(result.capacity)} requests/s. Useful: a 200 response within ${result.usefulMs} ms.\n`)
  console.log(printable(tabulate(result)))
  console.log(`\n${write(renderPage(result, settings))}`)
  if (settings.write) save(result, settings)
}

function save (result, settings) {
  const { capacityInvalid, spikes, measurements } = result
  const invalid = [capacityInvalid, ...spikes.map(({ invalid }) => invalid), ...measurements.map(({ report }) => report.invalid)].find(Boolean)
  if (invalid) throw new Error(`the results are not written, because they are unreliable: ${invalid}`)
  console.log(saveSection('demonstration', sectionOf(result, settings)))
}

function write (page) {
  for (const directory of [process.cwd(), os.tmpdir()]) {
    const file = path.join(directory, PAGE)
    try {
      fs.writeFileSync(file, page)
      return file
    } catch (error) {
      if (directory === os.tmpdir()) throw error
    }
  }
}

// The 'exit' event, which process.exit() emits, ends the child processes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => process.exit(128 + os.constants.signals[signal]))
}

main().catch(error => {
  console.error(`The demonstration failed: ${error.message}`)
  process.exit(1)
})
