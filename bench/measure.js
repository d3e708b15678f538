'use strict'

const os = require('node:os')

const cpuWaitMs = require('./child/cpu-wait')

// CPU time that other processes take from the server lowers its goodput.
const MAX_CPU_WAIT_SHARE = 0.05

/**
 * Runs a client against a server, and marks the report as invalid if other processes used the server's core.
 *
 * @param {ReturnType<import('./load')>} client
 * @param {Awaited<ReturnType<import('./servers')>>} server
 * @param {Omit<import('./load').Load, 'port' | 'socketPath' | 'transport'>} load
 * @returns {Promise<import('./load/tally').Report>}
 */
async function measure (client, server, load) {
  const beganMs = performance.now()
  const before = cpuWaitMs(server.pid)
  const { port, socketPath, transport } = server
  const report = await client.run({ ...load, port, socketPath, transport })
  const share = (cpuWaitMs(server.pid) - before) / (performance.now() - beganMs)
  // On a single core, the client is one of the other processes.
  if (share > MAX_CPU_WAIT_SHARE && os.availableParallelism() > 1) {
    report.invalid ??= `other processes used the server's core for ${Math.round(share * 100)} % of the time`
  }
  return report
}

module.exports = measure
