'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const BENCH = path.join(__dirname, '..')

/** The packages behind the protections of that name. */
const peers = {
  'toobusy-js': 'toobusy-js',
  'overload-protection': 'overload-protection',
  'under-pressure': '@fastify/under-pressure'
}

/**
 * Installs the packages that spillway is measured beside, if they are needed and not there.
 *
 * @param {import('./scenarios').Scenario[]} scenarios
 */
function installPeers (scenarios) {
  const missing = [...new Set(scenarios.map(({ protection }) => peers[protection]))].filter(name => name && !isThere(name))
  if (missing.length === 0) return
  console.error(`To measure beside ${missing.join(', ')}: npm ci --prefix ${path.relative(process.cwd(), BENCH) || '.'}`)
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--prefix', BENCH],
    { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (status !== 0) throw new Error(`${missing.join(', ')} could not be installed (npm ci --prefix bench)`)
}

function isThere (name) {
  return fs.existsSync(manifestOf(name))
}

// Those of the tests, beside them, may be of another version.
function manifestOf (name) {
  return path.join(BENCH, 'node_modules', name, 'package.json')
}

/** @returns {string} names and versions of those that are there */
function peerVersions () {
  return Object.values(peers).filter(isThere)
    .map(name => `${name} ${require(manifestOf(name)).version}`).join(', ')
}

module.exports = { installPeers, peerVersions }
