'use strict'

const burn = require('./burn')

const BLOCK_MS = 50

/** A request that takes 50 ms of CPU time in one turn of the event loop. */
module.exports = { routes: { '/': async () => burn(BLOCK_MS) }, fill: 4, cpu: true }
