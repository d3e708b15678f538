'use strict'

const CAPACITY = 'The capacity is 183.75 requests/s here and was 179/s in a repetition, which gave 0.98 at 1.5x and at 6x. At 1x the server ' +
  'answers 179.5/s; relative to that, goodput at 1.5x, 6x, 20x and 34x is 0.97, 0.97, 0.93 and 0.90.'
const SPILL = 'From 6x to 34x, each further refusal takes 14 to 18 µs of the loop\'s time.'
const KEPT = 'A 503 on a kept-alive connection takes 26 to 31 µs, which allows a goodput of 0.89 to 0.91 (the column "ceiling").'

const CLIENT = 'The client completes or begins hundreds of handshakes per second on its only core: at 6x, it was late by 69 ms itself.'
const COST = 'Measured in five processes each, per request: Node\'s two diagnostics channels and a wrapped `emit()` 0.2 µs, finding the ' +
  'request\'s wait 0.4 µs, admission 0.5 µs.'

/**
 * Why rows miss their targets, by the name of the row (see `npm run bench:overload -- --list`; for other benches
 * `cost/http/guard`: the section, and the first two cells of the row). Each reason names the measurement
 * that shows it. A miss without a reason is reported as such.
 *
 * @type {Record<string, string>}
 */
module.exports = {
  'cpu-steps/fastify/spillway/new/1.5x': 'Two repetitions gave 1.00 and 0.99.',
  'cpu-steps/express/guard/new/1.5x': 'Two repetitions gave 0.98 and 0.97, with capacities of 175/s and 177/s. Here the capacity is 163/s.',
  'cpu-steps/hapi/spillway/kept/0.8x': 'Two repetitions gave 13 ms, as without protection.',
  'cpu-steps/http/guard/kept/0.8x': 'Two repetitions gave 13 ms.',
  'cpu-steps/http/guard/new/1x': CAPACITY,
  'cpu-steps/http/guard/new/1.5x': CAPACITY,
  'cpu-steps/http/guard/new/20x': `${SPILL} ${CAPACITY}`,
  'cpu-steps/http/guard/new/34x': `${SPILL} ${CAPACITY}`,
  'cpu-steps/express/guard/new/20x': SPILL,
  'cpu-steps/express/guard/new/34x': SPILL,
  'cpu-steps/express/spillway-with-spill/new/20x': SPILL,
  'cpu-steps/express/spillway-with-spill/new/34x': SPILL,
  'cpu-steps/shared-port/guard/new/20x': SPILL,
  'cpu-steps/hapi/spillway/kept/6x': 'Two repetitions gave 0.92. At commit 04f05b9, two runs gave 0.90 and 0.97. It is not known yet why processes differ.',
  'cpu-steps/http/guard/kept/20x': KEPT,
  'cpu-steps/koa/guard/kept/20x': KEPT,
  'cpu-steps/express/guard/kept/20x': `${KEPT} No reason is known yet for the p99.`,
  'cpu-steps/https/guard/new/3x': CLIENT,
  'cpu-steps/https/guard/new/6x': CLIENT,
  'cpu-steps/http/guard-by-address/new/34x-poisson-neighbours-by-address': 'A run of 12 s without `fairBy` gave 0.92. ' +
    'With it, each connection has to be accepted, to learn its address.',
  'cost/http/guard': COST,
  'cost/fastify/guard': COST,
  'cost/fastify/spillway': COST,
  'cost/express/spillway': 'In an earlier run, a middleware that does nothing cost half as much (0.967); in this one, nothing. One process in five to ten is slower by 4.6 µs per request for ' +
    'as long as it lives; no reason is known yet.'
}
