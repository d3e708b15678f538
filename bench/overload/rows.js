'use strict'

const NEW = ['new']
const KEPT = ['kept']
const BOTH = [...NEW, ...KEPT]

const GUARDS = ['express guard', 'koa guard', 'http guard']
const EARLY = ['fastify spillway', 'hapi spillway', ...GUARDS]
const MIDDLEWARE = ['express spillway', 'koa spillway']
const EVERY = [...EARLY, ...MIDDLEWARE]
const SOME = ['express spillway', 'fastify spillway', 'http guard']
const ONE = ['http guard']
const SPILLING = ['express guard', 'http guard', 'express spilling']
const LATE = ['express late', 'http late']
const NONE = []

const EXPRESS_PEERS = ['express none', 'express toobusy-js', 'express overload-protection', 'express toobusy']
const OTHER_PEERS = ['fastify under-pressure', 'hapi hapi-load']
const PEERS = [...EXPRESS_PEERS, 'fastify none', 'hapi none', ...OTHER_PEERS]

const UNHARMED = { shed: 0.001, p99OfNone: 1.1 }
const SOON = { recoveredMs: 1000, lastRefusedMs: 1000 }

/**
 * The figures to reach, a row for each promise; and the peers, of whom nothing is demanded.
 *
 * workload: a file of ../workloads. load: in multiples of the capacity measured in the same run, or per second, in
 * steps where there are several; after a comma, what else happens meanwhile. who: framework and protection. to reach:
 * see targets.js; this package's failures are limited in every row, see scenarios.js. quick: those of `who` that the
 * quick sweep keeps.
 *
 * @type {[workload: string, load: string, who: string[], connections: string[], reach: Record<string, number>,
 *   quick: string[]][]}
 */
module.exports = [
  // workload, load, who, connections, to reach, quick
  ['cpu-steps', '0.5x', EVERY, BOTH, UNHARMED, NONE],
  ['cpu-steps', '0.8x', EVERY, BOTH, UNHARMED, SOME],
  ['cpu-steps', '0.9x', SOME, BOTH, {}, NONE],
  ['cpu-steps', '1.5x', EARLY, BOTH, { goodput: 0.97, p99: 150 }, ['fastify spillway', 'http guard']],
  ['cpu-steps', '6x', EARLY, NEW, { goodput: 0.93, p99: 150 }, EARLY],
  ['cpu-steps', '6x', EARLY, KEPT, { goodput: 0.95, p99: 150 }, EARLY],
  ['cpu-steps', '6x', MIDDLEWARE, BOTH, { goodput: 0.88, p99: 150 }, MIDDLEWARE],
  ['cpu-steps', '20x', GUARDS, KEPT, { goodput: 0.93, p99: 160 }, ONE],

  // Refusals out of the accept queue, and beside them the same without.
  ['cpu-steps', '0.9x', SPILLING, NEW, { shed: 0 }, NONE],
  ['cpu-steps', '6x', SPILLING, NEW, { goodput: 0.97, p99: 60, refusedP99: 30 }, ONE],
  ['cpu-steps', '20x', SPILLING, NEW, { goodput: 0.96, p99: 60, refusedP99: 30 }, ONE],
  ['cpu-steps', '34x', SPILLING, NEW, { goodput: 0.95, p99: 80, refusedP99: 50 }, ONE],
  ['cpu-steps', '6x', LATE, NEW, {}, NONE],
  ['cpu-steps', '20x', LATE, NEW, {}, NONE],
  ['cpu-steps', '34x', LATE, NEW, {}, NONE],

  ['cpu-block', '0.5x', SOME, BOTH, UNHARMED, NONE],
  ['cpu-block', '0.8x', SOME, BOTH, UNHARMED, NONE],
  ['cpu-block', '6x', SOME, NEW, { goodput: 0.9, p99: 200 }, ONE],

  ['pool', '0.5x', SOME, BOTH, UNHARMED, NONE],
  ['pool', '0.8x', SOME, BOTH, UNHARMED, ONE],
  ['pool', '3x', SOME, BOTH, { goodput: 0.97, p99: 160 }, SOME],
  ['pool', '3x, slower', SOME, KEPT, { goodput: 0.9 }, ONE],

  ['cpu-steps-paused', '0.5x', SOME, BOTH, { shed: 0.01 }, ['fastify spillway']],
  ['slow-route', '20/s 200/s', SOME, KEPT, { shed: 0 }, ONE],
  ['upload', '6x, uploads', SOME, BOTH, { uploadsBroken: 0 }, ONE],

  ['cpu-steps', '1x 6x 1x', SOME, BOTH, SOON, ['express spillway', ...ONE]],
  // A server that is as busy as it can be refuses a little for ever: here the last 503 can be told.
  ['cpu-steps', '0.8x 6x 0.8x', SOME, BOTH, SOON, NONE],

  ['mix', '0.8x', SOME, BOTH, UNHARMED, NONE],
  ['mix', '6x', SOME, BOTH, {}, ONE],

  ['cpu-steps', '1.5x', PEERS, BOTH, {}, NONE],
  ['cpu-steps', '6x', PEERS, BOTH, {}, [...EXPRESS_PEERS, ...OTHER_PEERS]],
  ['cpu-steps', '20x', ['http none'], KEPT, {}, NONE],
  ['cpu-block', '6x', PEERS, NEW, {}, NONE],
  ['pool', '3x', PEERS, BOTH, {}, ['express none']],
  ['mix', '6x', EXPRESS_PEERS, BOTH, {}, NONE]
]
