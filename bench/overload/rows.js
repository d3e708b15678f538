'use strict'

const NEW = ['new']
const KEPT = ['kept']
const BOTH = [...NEW, ...KEPT]
const SESSIONS = ['4', '100']

const GUARDS = ['express guard', 'koa guard', 'http guard']
const EARLY = ['fastify spillway', 'hapi spillway', ...GUARDS]
const MIDDLEWARE = ['express spillway', 'koa spillway']
const EVERY = [...EARLY, ...MIDDLEWARE]
const SOME = ['express spillway', 'fastify spillway', 'http guard']
const ONE = ['http guard']
const WITH_SPILL = ['express guard', 'http guard', 'express spillway-with-spill']
const WITHOUT_SPILL = ['express guard-without-spill', 'http guard-without-spill']
const NONE = []
const HTTP2 = ['http2 guard', 'http2-stream guard']
const PROXIED = ['express-behind-nginx spillway', 'express-behind-haproxy spillway', 'unix-behind-nginx guard']
const DATABASE = ['express spillway', 'express guard']

const EXPRESS_PEERS = ['express none', 'express toobusy-js', 'express overload-protection', 'express toobusy']
const OTHER_PEERS = ['fastify under-pressure', 'hapi hapi-load']
const PEERS = [...EXPRESS_PEERS, 'fastify none', 'hapi none', ...OTHER_PEERS]

const UNHARMED = { shed: 0.001, p99OfNone: 1.1 }
// As offered load rises, goodput may fall by this much: noise, and the cost of more refusals.
const RISES = { rises: 0.04 }
const SOON = { recoveredMs: 1000, lastRefusedMs: 1000 }

/**
 * The runs and their targets. The other packages have no targets.
 *
 * workload: a file in ../workloads. load: a multiple of the capacity that is measured in the same run, or requests per
 * second, or clients that each send their next request when they have received a response; several values are steps; an
 * event or the kind of arrivals may follow after a comma. who: framework and protection. targets: see
 * targets.js; scenarios.js adds a limit on failures to all rows of spillway. quick: the part of `who` that `--quick`
 * runs.
 *
 * @type {[workload: string, load: string, who: string[], connections: string[], targets: Record<string, number>,
 *   quick: string[]][]}
 */
module.exports = [
  // workload, load, who, connections, targets, quick
  ['cpu-steps', '0.5x', EVERY, BOTH, UNHARMED, NONE],
  ['cpu-steps', '0.8x', EVERY, BOTH, UNHARMED, SOME],
  ['cpu-steps', '0.9x', SOME, BOTH, RISES, NONE],
  ['cpu-steps', '1x', SOME, BOTH, { shed: 0.02, ...RISES }, ['express spillway']],
  ['cpu-steps', '1.5x', EARLY, BOTH, { goodput: 0.97, p99: 150, ...RISES }, ['fastify spillway', 'http guard']],
  ['cpu-steps', '6x', EARLY, NEW, { goodput: 0.93, p99: 150 }, EARLY],
  ['cpu-steps', '6x', EARLY, KEPT, { goodput: 0.95, p99: 150, ...RISES }, EARLY],
  ['cpu-steps', '6x', ['fastify spillway', 'hapi spillway'], KEPT, { goodput: 0.96, p99: 150 }, NONE],
  ['cpu-steps', '6x', ['koa spillway'], BOTH, { goodput: 0.88, p99: 150 }, ['koa spillway']],
  ['cpu-steps', '6x', ['express spillway'], NEW, { goodput: 0.96, p99: 150 }, ['express spillway']],
  ['cpu-steps', '6x', ['express spillway'], KEPT, { goodput: 0.95, p99: 150 }, ['express spillway']],
  ['cpu-steps', '20x', GUARDS, KEPT, { goodput: 0.93, p99: 160 }, ONE],
  ['cpu-steps', '20x', ONE, KEPT, { goodput: 0.95, p99: 160, ...RISES }, NONE],

  // With the spill, and for comparison without it.
  ['cpu-steps', '0.9x', WITH_SPILL, NEW, { shed: 0, ...RISES }, NONE],
  ['cpu-steps', '6x', WITH_SPILL, NEW, { goodput: 0.97, p99: 60, refusedP99: 30, ...RISES }, ONE],
  ['cpu-steps', '20x', WITH_SPILL, NEW, { goodput: 0.96, p99: 60, refusedP99: 30 }, ONE],
  ['cpu-steps', '20x', ONE, NEW, { goodput: 0.97, p99: 60, refusedP99: 30, ...RISES }, NONE],
  ['cpu-steps', '34x', WITH_SPILL, NEW, { goodput: 0.95, p99: 80, refusedP99: 50, ...RISES }, ONE],
  ['cpu-steps', '6x', WITHOUT_SPILL, NEW, {}, NONE],
  ['cpu-steps', '20x', WITHOUT_SPILL, NEW, {}, NONE],
  ['cpu-steps', '34x', WITHOUT_SPILL, NEW, {}, NONE],

  // Other transports than plain HTTP/1 over TCP, and proxies.
  ['cpu-steps', '0.8x', ['https guard', 'https-ecdsa guard', 'unix guard'], BOTH, UNHARMED, NONE],
  ['cpu-steps', '1.5x', ['https guard', 'https-ecdsa guard', 'unix guard'], NEW, { goodput: 0.95, p99: 150 }, NONE],
  ['cpu-steps', '3x', ['https guard'], NEW, { goodput: 0.93, p99: 150 }, NONE],
  ['cpu-steps', '3x', ['https-ecdsa guard'], NEW, { goodput: 0.94, p99: 150 }, NONE],
  ['cpu-steps', '6x', ['https guard'], NEW, { goodput: 0.9, p99: 150 }, ['https guard']],
  ['cpu-steps', '6x', ['https-ecdsa guard'], NEW, { goodput: 0.92, p99: 150 }, NONE],
  ['cpu-steps', '6x', ['https guard', 'https-ecdsa guard', 'unix guard'], KEPT, { goodput: 0.95, p99: 150 }, NONE],
  ['cpu-steps', '6x', ['unix guard'], NEW, { goodput: 0.95, p99: 150 }, ['unix guard']],
  ['cpu-steps', '0.8x', [...HTTP2, 'grpc guard'], SESSIONS, UNHARMED, NONE],
  ['cpu-steps', '1.5x', HTTP2, SESSIONS, { goodput: 0.97, p99: 150 }, NONE],
  ['cpu-steps', '6x', HTTP2, SESSIONS, { goodput: 0.95, p99: 150 }, HTTP2],
  ['cpu-steps', '6x', ['grpc guard'], SESSIONS, { goodput: 0.93, p99: 150 }, ['grpc guard']],
  ['cpu-steps', '6x', ['shared-port guard'], NEW, { goodput: 0.96, p99: 60 }, NONE],
  ['cpu-steps', '20x', ['shared-port guard'], NEW, { goodput: 0.94, p99: 60 }, NONE],
  ['cpu-steps', '4.5x', PROXIED, BOTH, { goodput: 0.95, p99: 150 }, NONE],
  ['cpu-steps', '6x', ['https none', 'unix none'], NEW, {}, NONE],
  ['cpu-steps', '6x', ['http2 none', 'grpc none'], SESSIONS, {}, NONE],

  // One client that sends too much, beside ten that send little.
  ['cpu-steps', '5x, poisson, neighbours by address', ['http guard-by-address', 'fastify spillway-by-address'], BOTH, { neighboursServed: 0.98, goodput: 0.95 }, ['http guard-by-address']],
  ['cpu-steps', '5x, poisson, neighbours by address', ['express spillway-by-address'], BOTH, { neighboursServed: 0.98 }, NONE],
  ['cpu-steps', '34x, poisson, neighbours by address', ['http guard-by-address'], NEW, { neighboursServed: 0.97, goodput: 0.95 }, NONE],
  ['cpu-steps', '5x, poisson, neighbours by header', ['http guard-by-header', 'http-behind-nginx guard-by-header'], BOTH, { neighboursServed: 0.97, goodput: 0.95 }, NONE],
  ['cpu-steps', '5x, poisson, neighbours by address', ONE, BOTH, { equalChances: 1.25, goodput: 0.95 }, NONE],
  ['cpu-steps', '5x, poisson, neighbours by address', ['http2 guard'], ['4'], { equalChances: 1.25, goodput: 0.95 }, NONE],
  ['cpu-steps', '5x, poisson, neighbours by address', ['https guard-by-address'], BOTH, { neighboursServed: 0.95, goodput: 0.95 }, NONE],
  ['cpu-steps', '5x, poisson, neighbours by address', ['http2 guard-by-address'], ['4'], { neighboursServed: 0.95, goodput: 0.95 }, NONE],
  // 3 times the capacity in all: a fifth of the requests is critical, three tenths are of the lowest priority.
  ['cpu-steps', '2.4x, poisson, critical neighbours', ['http guard-by-priority', 'fastify spillway-by-priority', 'express spillway-by-priority'], BOTH, { neighboursServed: 0.99, neighboursP99: 150, goodput: 0.9 }, NONE],
  ['cpu-steps', '2.4x, poisson, critical neighbours', ONE, BOTH, {}, NONE],
  // Clients that tell how long they wait.
  ['cpu-steps', '3x, poisson, patience 60 ms', ['http guard-by-deadline'], BOTH, { servedLate: 0.01, goodput: 0.9 }, NONE],
  ['cpu-steps', '3x, poisson, patience 150 ms', ['http guard-by-deadline'], BOTH, { servedLate: 0.01, goodput: 0.93 }, NONE],

  // Unequal requests, beside the ideal server.
  ['unequal', '0.5x, poisson', ONE, NEW, { belowIdeal: 0.01 }, NONE],
  ['unequal', '0.7x, poisson', ONE, NEW, { belowIdeal: 0.01, ...RISES }, NONE],
  ['unequal', '0.9x, poisson', ONE, NEW, { belowIdeal: 0.01, ...RISES }, NONE],
  ['unequal', '1.5x, poisson', ONE, NEW, { ofIdeal: 0.97, ...RISES }, NONE],
  ['unequal', '6x, poisson', ONE, NEW, { ofIdeal: 0.97, ...RISES }, NONE],
  ...['0.5x', '0.7x', '0.9x', '1.5x', '6x'].map(load => ['unequal', `${load}, poisson`, ONE, KEPT, RISES, NONE]),
  // Above 1.5x, the connections of so long a run overload the client.
  ...['0.5x', '0.7x', '0.9x', '1.5x'].map(load => ['unequal', `${load}, poisson`, ['http none'], BOTH, {}, NONE]),
  ['lognormal', '0.7x, poisson', ONE, NEW, { belowIdeal: 0.01 }, NONE],
  ['lognormal', '0.9x, poisson', ONE, NEW, { belowIdeal: 0.01, ...RISES }, NONE],
  ['lognormal', '1.5x, poisson', ONE, NEW, RISES, NONE],
  ['lognormal', '6x, poisson', ONE, NEW, RISES, NONE],
  ...['0.7x', '0.9x', '1.5x'].map(load => ['lognormal', `${load}, poisson`, ['http none'], NEW, {}, NONE]),

  ['gc', '0.5x', ONE, BOTH, { shed: 0.005 }, NONE],
  ['gc', '0.7x', ONE, BOTH, { shed: 0.01 }, NONE],
  ['gc', '0.9x', ONE, BOTH, { shed: 0.03 }, NONE],
  ...['0.5x', '0.7x', '0.9x'].map(load => ['gc', load, ['http none'], BOTH, {}, NONE]),

  // A server that has just started: its code is not compiled yet.
  ['hello', '32 clients', SOME, KEPT, { shed: 0 }, ['express spillway']],
  ['hello', '256 clients', SOME, KEPT, { shed: 0 }, ['express spillway']],

  ['postgres', '0.8x', DATABASE, BOTH, { shed: 0 }, NONE],
  ['postgres', '3x', DATABASE, BOTH, { goodput: 0.97 }, NONE],
  ...['0.8x', '3x'].map(load => ['postgres', load, ['express none'], BOTH, {}, NONE]),

  ['cpu-block', '0.5x', SOME, BOTH, UNHARMED, NONE],
  ['cpu-block', '0.8x', SOME, BOTH, UNHARMED, NONE],
  ['cpu-block', '6x', SOME, NEW, { goodput: 0.9, p99: 200 }, ONE],

  ['pool', '0.5x', SOME, BOTH, UNHARMED, NONE],
  ['pool', '0.8x', SOME, BOTH, UNHARMED, ONE],
  ['pool', '3x', SOME, BOTH, { goodput: 0.97, p99: 160 }, SOME],
  ['pool', '3x, slower', SOME, KEPT, { goodput: 0.93 }, ONE],

  ['cpu-steps-paused', '0.5x', SOME, BOTH, { shed: 0.01 }, ['fastify spillway']],
  ['slow-route', '20/s 200/s', SOME, KEPT, { shed: 0 }, ONE],
  ['upload', '6x, uploads', SOME, BOTH, { uploadsBroken: 0 }, ONE],

  ['cpu-steps', '1x 6x 1x', SOME, BOTH, SOON, ['express spillway', ...ONE]],
  // At 1x, the server continues to shed a few requests. At 0.8x, it stops, so there is a last 503.
  ['cpu-steps', '0.8x 6x 0.8x', SOME, BOTH, SOON, NONE],

  ['mix', '0.8x', SOME, BOTH, UNHARMED, NONE],
  ['mix', '6x', SOME, BOTH, {}, ONE],

  ['cpu-steps', '1.5x', PEERS, BOTH, {}, NONE],
  ['cpu-steps', '6x', PEERS, BOTH, {}, [...EXPRESS_PEERS, ...OTHER_PEERS]],
  ['cpu-block', '6x', PEERS, NEW, {}, NONE],
  ['pool', '3x', PEERS, BOTH, {}, ['express none']],
  ['mix', '6x', EXPRESS_PEERS, BOTH, {}, NONE]
]
