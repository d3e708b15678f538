'use strict'

/** A request that costs nothing but its framework. */
module.exports = { routes: { '/': async () => {} }, fill: 16, cpu: true }
