'use strict'

const startChild = require('../child')

/**
 * A load client in a process of its own. Latency counts from the start that the schedule intended.
 *
 * @typedef {object} Load
 * @property {'open' | 'closed'} mode open: requests start on a clock, whatever became of earlier ones;
 *   closed: each of `clients` sends its next request when the last was answered
 * @property {number} port on 127.0.0.1
 * @property {string | string[]} [path] default '/'; several are asked for in turn
 * @property {'new' | 'kept'} connections new: one for each request; kept: idle ones are used again, others opened
 * @property {number} timeoutMs from the start of a request to its end
 * @property {number} [durationMs] the part that is counted, unless `phases` tell
 * @property {number} [warmupMs] the part before it, default 0
 * @property {number} [rate] requests per second, for the open loop
 * @property {{ rate: number, durationMs: number }[]} [phases] in place of the two, for the open loop: steps of the rate
 * @property {number} [recoveredP99Ms] keep a timeline, and tell when p99 was back within this
 * @property {{ path: string, bytes: number, pieces: number, durationMs: number }} [uploads] beside all that, bodies sent
 *   in pieces over this time
 * @property {number} [clients] for the closed loop
 * @property {number} [usefulMs] an answer 200 is useful within this time, default 200
 *
 * @typedef {import('./tally').Report & { uploads?: import('./uploads').UploadReport }} Report
 *
 * @returns {{ pid: number, run: (load: Load) => Promise<Report>, stop: () => Promise<void> }}
 *   one run at a time
 */
function startClient () {
  const { pid, ask, stop } = startChild(require.resolve('./client'), 'first')
  return { pid, run: ask, stop }
}

module.exports = startClient
