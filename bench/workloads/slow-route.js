'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

const SERVICE_MS = 2000

/** A request that takes 2 s by design, like a long poll, and no CPU time. */
module.exports = { routes: { '/': () => sleep(SERVICE_MS) }, fill: 100, cpu: false }
