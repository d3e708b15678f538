'use strict'

/** A request without any work: only the framework takes time. */
module.exports = { routes: { '/': async () => {} }, fill: 16, cpu: true }
