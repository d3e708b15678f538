'use strict'

const CAPACITY = 'The capacity is measured by a closed loop of four clients, and varies from run to run by some 3 %. Here it is 183.75 requests/s, ' +
  'although the same server answers 179.5/s at 1x; relative to that, goodput at 1.5x, 6x, 20x and 34x is 0.97, 0.97, 0.93 and 0.90. ' +
  'A repetition, with a capacity of 179/s, gave 0.98 at 1.5x and at 6x'
const SPILL = 'From 6x to 34x, each further refusal takes 14 µs of the loop\'s time: accepting the connection, reading the request, sending the answer and closing'
const KEPT = 'A refusal on a kept-alive connection takes 26 to 31 µs, almost all of it in Node.js: parsing the request and writing the 503. ' +
  'That limits goodput at 20x to what the column "ceiling" says'
const UNEQUAL = 'In runs on three days, goodput was 0.91 to 0.94 at 1.5x, and 0.93 to 0.94 at 6x. In the simulation, 1.5x has 0.97 of the ideal'

/**
 * Why rows miss their targets, by the name of the row (see `npm run bench:overload -- --list`; for other benches
 * `cost/http/guard`: the section, and the first two cells of the row). Each reason names the measurement
 * that shows it. A miss without a reason is reported as such.
 *
 * @type {Record<string, string>}
 */
module.exports = {
  'cpu-steps/fastify/spillway/new/1.5x': 'Two repetitions gave 1.00 and 0.99.',
  'cpu-steps/express/guard/new/1.5x': 'Two repetitions gave 0.98 and 0.97.',
  'cpu-steps/hapi/spillway/kept/0.8x': 'Two repetitions gave 13 ms, as without protection.',
  'cpu-steps/http/guard/kept/0.8x': 'Two repetitions gave 13 ms.',
  'cpu-steps/http/guard/new/1x': `${CAPACITY}.`,
  'cpu-steps/http/guard/new/1.5x': `${CAPACITY}.`,
  'cpu-steps/http/guard/new/6x': `${CAPACITY}.`,
  'cpu-steps/http/guard/new/20x': `${SPILL}. ${CAPACITY}.`,
  'cpu-steps/http/guard/new/34x': `${SPILL}. ${CAPACITY}.`,
  'cpu-steps/express/guard/new/20x': `${SPILL}.`,
  'cpu-steps/express/guard/new/34x': `${SPILL}.`,
  'cpu-steps/express/spillway-with-spill/new/20x': `${SPILL}.`,
  'cpu-steps/express/spillway-with-spill/new/34x': `${SPILL}.`,
  'cpu-steps/express/spillway/new/6x': 'Without the spill, a refusal on a new connection takes 248 µs, most of it for accepting and closing the connection. ' +
    'That alone would limit goodput to 0.79 (the column "ceiling").',
  'cpu-steps/http/guard/kept/20x': `${KEPT}.`,
  'cpu-steps/koa/guard/kept/20x': `${KEPT}.`,
  'cpu-steps/express/guard/kept/20x': `${KEPT}.`,
  'unequal/http/guard/new/1.5x-poisson': `${UNEQUAL}.`,
  'unequal/http/guard/new/6x-poisson': `${UNEQUAL}.`
}
