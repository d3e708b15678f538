'use strict'

/** A request that never ends: what comes after it can be refused for it. */
module.exports = { routes: { '/': () => new Promise(() => {}) }, fill: 32, cpu: true }
