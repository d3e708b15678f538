'use strict'

// Runs the suite on each version of Node.js that the package supports, or on those named on the command line. All of them
// load the addon in build/, because one binary must work with every version.
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { dependencies } = require('./runtimes/package.json')

// The other tests do not depend on the version: the bench, options and docs are plain JavaScript, simulations have a clock
// of their own, and the classic test measures the cost of overload.
const FILES = ['test/*/*.test.js', '--ignore', 'test/{bench,docs,integration,options,package}/*',
  '--ignore', 'test/*/*.simulation.test.js', '--ignore', 'test/loop/classic.*']

const root = path.join(__dirname, '..')
const supported = Object.keys(dependencies).flatMap((name) => /^node-(\d+)$/.exec(name)?.[1] ?? [])
const chosen = process.argv.length > 2 ? process.argv.slice(2) : supported
const unknown = chosen.filter((version) => !supported.includes(version))
if (unknown.length > 0) throw new RangeError(`takes some of ${supported}; got ${unknown}`)

for (const version of chosen) {
  const node = path.join(__dirname, 'runtimes', 'node_modules', `node-${version}`, 'bin', 'node')
  console.log(`Node ${version}`)
  const { status } = spawnSync(node, [path.join(root, 'node_modules/mocha/bin/mocha.js'), ...FILES], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
