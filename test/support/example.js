'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')

/**
 * Runs an example of examples/ to its end, as its reader would.
 *
 * @param {string} name
 * @returns {Promise<Record<string, string>>} what it printed: the second column by the first
 * @throws {Error} if it fails
 */
async function runExample (name) {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(__dirname, '..', '..', 'examples', name)])
  return Object.fromEntries(stdout.trimEnd().split('\n').map(line => line.split(/ {2,}/)))
}

module.exports = { runExample }
