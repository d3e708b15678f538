'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const BENCH = path.join(__dirname, '..')

/** The packages of protections and workloads. Those of frameworks are the tests', too. */
const packages = {
  'toobusy-js': 'toobusy-js',
  'overload-protection': 'overload-protection',
  'under-pressure': '@fastify/under-pressure',
  postgres: 'pg'
}

/**
 * Installs the packages that the scenarios need, if they are missing.
 *
 * @param {import('./scenarios').Scenario[]} scenarios
 */
function installPackages (scenarios) {
  const needed = scenarios.flatMap(({ protection, workload }) => [protection, workload].map(name => packages[name]))
  const missing = [...new Set(needed)].filter(name => name && !isInstalled(name))
  if (missing.length === 0) return
  console.error(`Installing ${missing.join(', ')}: npm ci --prefix ${path.relative(process.cwd(), BENCH) || '.'}`)
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--prefix', BENCH],
    { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (status !== 0) throw new Error(`cannot install ${missing.join(', ')}: npm ci --prefix bench failed`)
}

function isInstalled (name) {
  return fs.existsSync(manifestOf(name))
}

// The tests' node_modules may contain other versions.
function manifestOf (name) {
  return path.join(BENCH, 'node_modules', name, 'package.json')
}

/** @returns {string} names and versions of the packages that are installed */
function packageVersions () {
  return Object.values(packages).filter(isInstalled)
    .map(name => `${name} ${require(manifestOf(name)).version}`).join(', ')
}

module.exports = { installPackages, packageVersions }
