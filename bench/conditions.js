'use strict'

const { execFileSync } = require('node:child_process')
const path = require('node:path')

const { machine, now } = require('./machine')

const ROOT = path.join(__dirname, '..')
const MEASURED = ['lib', 'src', 'bench', 'test/simulator', 'package-lock.json', ':!bench/results', ':!bench/RESULTS.md']

/**
 * @typedef {object} Run
 * @property {string} command
 * @property {string} comparedWith names and versions of the packages that it was compared with
 * @property {string} cores which process ran on which core
 *
 * @param {Run} run
 * @returns {[string, string][]} where and how it was measured
 */
function conditions ({ command, comparedWith, cores }) {
  return [
    ['machine', `${machine()}; ${cores}`],
    ['date', now()],
    ['Node.js', process.versions.node],
    ['spillway', revision()],
    ['compared with', comparedWith],
    ['command', `\`${command}\``]
  ]
}

/**
 * @param {Run} run
 * @returns {string} the conditions as a Markdown list
 */
function listConditions (run) {
  return conditions(run).map(([name, value]) => `- ${name}: ${value}`).join('\n')
}

/** @returns {string} the version, and the last commit that changed what is measured; results and documentation do not count */
function revision () {
  const { version } = require('../package.json')
  try {
    const git = (...args) => execFileSync('git', [...args, '--', ...MEASURED], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim()
    return `${version}, commit ${git('log', '-1', '--format=%h')}${git('status', '--porcelain') ? ', changed' : ''}`
  } catch {
    return version
  }
}

module.exports = { conditions, listConditions }
