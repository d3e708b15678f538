'use strict'

// Runs the suite on each version of Node.js that the package supports, or on those named on the command line. All of them
// load the addon in build/, because one binary must work with every version.
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { dependencies } = require('./runtimes/package.json')

// The other tests do not depend on the version: the bench, options and docs are plain JavaScript, simulations have a clock
// of their own, and the classic test measures the cost of overload.
const IGNORED = ['test/{bench,docs,integration,options,package}/*', 'test/*/*.simulation.test.js', 'test/loop/classic.*']
const QUICK = ['--parallel', '--jobs', '4', 'test/*/*.test.js', ...ignore([...IGNORED, 'test/*/*.slow.test.js'])]
const SLOW = ['test/*/*.slow.test.js', ...ignore(IGNORED)]

const root = path.join(__dirname, '..')
const supported = Object.keys(dependencies).flatMap((name) => /^node-(\d+)$/.exec(name)?.[1] ?? [])
const chosen = process.argv.length > 2 ? process.argv.slice(2) : supported
const unknown = chosen.filter((version) => !supported.includes(version))
if (unknown.length > 0) throw new RangeError(`takes some of ${supported}; got ${unknown}`)

for (const version of chosen) {
  const node = path.join(__dirname, 'runtimes', 'node_modules', `node-${version}`, 'bin', 'node')
  for (const args of [QUICK, SLOW]) {
    console.log(`Node ${version}`)
    const { status } = spawnSync(node, [path.join(root, 'node_modules/mocha/bin/mocha.js'), ...args], { cwd: root, stdio: 'inherit' })
    if (status !== 0) process.exitCode = 1
  }
}

/** @param {string[]} globs */
function ignore (globs) {
  return globs.flatMap((glob) => ['--ignore', glob])
}
