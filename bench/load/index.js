'use strict'

const startChild = require('../child')

/**
 * Starts a load client in a process of its own. It measures latency from the scheduled start of a request.
 *
 * @typedef {object} Load
 * @property {'open' | 'closed'} mode open: requests start at scheduled times, independent of earlier responses;
 *   closed: each of `clients` sends its next request when it has received its last response
 * @property {number} [port] on 127.0.0.1
 * @property {string} [socketPath] of a Unix socket, in place of a port
 * @property {'http' | 'https' | 'http2' | 'grpc' | 'unix'} [transport] default 'http'
 * @property {string | string[]} [path] default '/'; several are requested in turn
 * @property {string} connections 'new': one per request; 'kept': idle connections are reused, and others opened if none is
 *   idle; a number, for HTTP/2: so many sessions share the requests
 * @property {number} timeoutMs from the start of a request to its end
 * @property {number} [durationMs] length of the counted part; not with `phases`
 * @property {number} [warmupMs] length of the uncounted part before it, default 0
 * @property {number} [rate] requests per second, for the open loop
 * @property {{ rate: number, durationMs: number }[]} [phases] for the open loop, instead of `rate` and `durationMs`: a
 *   rate that changes in steps
 * @property {'even' | 'poisson'} [arrivals] of the open loop, default even: equal intervals, or those of a Poisson process
 * @property {import('./retries').Retries} [retries] what clients do after a failure or a refusal, default nothing; each attempt
 *   has `timeoutMs`
 * @property {number} [patienceMs] for the open loop: how long after the end of the counted part to wait for responses; then
 *   those that are missing are failures of the kind `unanswered`. Default: until all have settled
 * @property {number} [recoveredP99Ms] record a timeline, and report when p99 was back within this
 * @property {{ path: string, bytes: number, pieces: number, durationMs: number }} [uploads] also upload bodies, each in
 *   pieces over this time
 * @property {import('./neighbours').Neighbours} [neighbours] further clients beside the one that sends the load, for the open loop
 * @property {import('./neighbours').Name | import('./neighbours').Name[]} [name] of the client; several are used in turn over HTTP/1
 * @property {number} [clients] requests in flight, for the closed loop
 * @property {number} [usefulMs] a 200 response within this time is useful, default 200
 *
 * @typedef {import('./tally').Report & { uploads?: import('./uploads').UploadReport, neighbours?: import('./tally').Report }} Report
 *
 * @returns {{ pid: number, run: (load: Load) => Promise<Report>, stop: () => Promise<void> }}
 *   `run` one load at a time
 */
function startClient () {
  const { pid, ask, stop } = startChild(require.resolve('./client'), 'first')
  return { pid, run: ask, stop }
}

module.exports = startClient
