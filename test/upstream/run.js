'use strict'

/**
 * Runs a framework's own test suite from a checkout of its repository, first unchanged and then with every server guarded:
 *
 *     node test/upstream/run.js express|koa|fastify DIR
 *
 * The checkout must be a version that supports this Node.js (Fastify 6 needs 22). The suite's dependencies are installed in
 * the checkout, without install scripts. Exits with 1 if a test passes unchanged and fails guarded.
 */

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const suites = require('./suites.js')

const MOST_OUTPUT_BYTES = 1e9

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 * @returns {string} its standard output; a failing test is not an error
 */
function run (command, args, options) {
  const { error, stdout } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: MOST_OUTPUT_BYTES, ...options
  })
  if (error !== undefined) throw error
  return /** @type {string} */ (stdout)
}

/** @param {import('./suites.js').Suite} suite @param {string} checkout */
function install ({ build }, checkout) {
  if (fs.existsSync(path.join(checkout, 'node_modules'))) return
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: checkout })
  if (build !== undefined) run(build[0], build.slice(1), { cwd: checkout })
}

/**
 * @param {import('./suites.js').Suite} suite
 * @param {string} checkout
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Map<string, boolean>} whether each test passed, by its title
 */
function results (suite, checkout, env = {}) {
  const output = run(process.execPath, suite.args(checkout), { cwd: checkout, env: { ...process.env, ...env } })
  const counted = new Map()
  const byTitle = new Map()
  for (const { title, passed } of suite.read(output, checkout)) {
    const count = (counted.get(title) ?? 0) + 1
    counted.set(title, count)
    byTitle.set(count === 1 ? title : `${title} (${count})`, passed)
  }
  if (byTitle.size === 0) throw new Error(`no test of ${checkout} ran`)
  return byTitle
}

/** @param {string} file lines of JSON */
function sums (file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
  const sum = (/** @type {string} */ name) => lines.reduce((total, line) => total + line[name], 0)
  return { servers: sum('servers'), admitted: sum('admitted'), shed: sum('shed') }
}

/** @param {string} name @param {Map<string, boolean>} byTitle */
function show (name, byTitle) {
  const passed = [...byTitle.values()].filter(Boolean).length
  console.log(`${name}: ${passed} passed, ${byTitle.size - passed} failed`)
}

/** @param {string} what @param {string[]} titles */
function list (what, titles) {
  if (titles.length > 0) console.log([`${what}:`, ...titles].join('\n  '))
}

function main () {
  const [name, folder] = process.argv.slice(2)
  const suite = suites[name]
  if (suite === undefined || folder === undefined) {
    throw new Error(`usage: node test/upstream/run.js ${Object.keys(suites).join('|')} DIR`)
  }
  const checkout = path.resolve(folder)
  install(suite, checkout)

  const plain = results(suite, checkout)
  show(`${name} unchanged`, plain)

  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-')), 'guarded')
  fs.writeFileSync(file, '')
  const preload = `--require ${JSON.stringify(path.join(__dirname, 'guard-all.js'))}`
  const guarded = results(suite, checkout, {
    NODE_OPTIONS: [process.env.NODE_OPTIONS ?? [], preload].flat().join(' '),
    GUARDED_FILE: file
  })
  show(`${name} guarded`, guarded)
  const { servers, admitted, shed } = sums(file)
  fs.rmSync(path.dirname(file), { recursive: true })
  console.log(`${servers} servers were guarded, ${admitted} requests admitted, ${shed} shed`)

  const failed = [...plain.keys()].filter((title) => plain.get(title) && !guarded.get(title))
  list('Pass unchanged, but fail guarded', failed)
  list('Pass guarded, but fail unchanged', [...guarded.keys()].filter((title) => guarded.get(title) && !plain.get(title)))
  list('Fail in both runs', [...plain.keys()].filter((title) => plain.get(title) === false && guarded.get(title) === false))
  if (servers === 0) throw new Error('no server was guarded')
  process.exitCode = failed.length > 0 ? 1 : 0
}

main()
