'use strict'

/** A request that never finishes: it occupies a concurrency limit of 1, so that all later requests are rejected. */
module.exports = { routes: { '/': () => new Promise(() => {}) }, fill: 32, cpu: true }
