'use strict'

const os = require('node:os')

/** @returns {string} what the figures were measured on */
function machine () {
  const cpus = os.cpus()
  return `${os.type()} ${os.release()} ${os.arch()}, ${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown CPU'}`
}

/** @returns {string} to the minute, UTC */
function now () {
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

module.exports = { machine, now }
