'use strict'

const startChild = require('../child')

/**
 * A load client in a process of its own. Latency counts from the start that the schedule intended.
 *
 * @typedef {object} Load
 * @property {'open' | 'closed'} mode open: requests start on a clock, whatever became of earlier ones;
 *   closed: each of `clients` sends its next request when the last was answered
 * @property {number} port on 127.0.0.1
 * @property {string} [path] default '/'
 * @property {'new' | 'kept'} connections new: one for each request; kept: idle ones are used again, others opened
 * @property {number} timeoutMs from the start of a request to its end
 * @property {number} durationMs the part that is counted
 * @property {number} [warmupMs] the part before it, default 0
 * @property {number} [rate] requests per second, for the open loop
 * @property {number} [clients] for the closed loop
 * @property {number} [usefulMs] an answer 200 is useful within this time, default 200
 *
 * @returns {{ pid: number, run: (load: Load) => Promise<import('./tally').Report>, stop: () => Promise<void> }}
 *   one run at a time
 */
function startClient () {
  const { pid, ask, stop } = startChild(require.resolve('./client'), 'first')
  return { pid, run: ask, stop }
}

module.exports = startClient
