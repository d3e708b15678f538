'use strict'

const os = require('node:os')

const deprivedMs = require('./child/deprived')

// What others took from the server, they took from its goodput.
const MAX_DEPRIVED_SHARE = 0.05

/**
 * One run of a client against a server, and whether the machine left them alone.
 *
 * @param {ReturnType<import('./load')>} client
 * @param {Awaited<ReturnType<import('./servers')>>} server
 * @param {Omit<import('./load').Load, 'port'>} load
 * @returns {Promise<import('./load/tally').Report>}
 */
async function measure (client, server, load) {
  const beganMs = performance.now()
  const before = deprivedMs(server.pid)
  const report = await client.run({ ...load, port: server.port })
  const share = (deprivedMs(server.pid) - before) / (performance.now() - beganMs)
  // On a single core the client itself is among the others.
  if (share > MAX_DEPRIVED_SHARE && os.availableParallelism() > 1) {
    report.invalid ??= `others had the server's core for ${Math.round(share * 100)} % of the time`
  }
  return report
}

module.exports = measure
