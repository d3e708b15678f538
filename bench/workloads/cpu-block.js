'use strict'

const burn = require('./burn')

const BLOCK_MS = 50

/** A request that costs 50 ms of CPU in one block. */
module.exports = { routes: { '/': async () => burn(BLOCK_MS) }, fill: 4, cpu: true }
