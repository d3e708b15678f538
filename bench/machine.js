'use strict'

const os = require('node:os')

/** @returns {string} operating system and CPU of this machine */
function machine () {
  const cpus = os.cpus()
  return `${os.type()} ${os.release()} ${os.arch()}, ${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown CPU'}`
}

/** @returns {string} the time in UTC, to the minute */
function now () {
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

module.exports = { machine, now }
