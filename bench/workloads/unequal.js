'use strict'

const burn = require('./burn')
const createDeck = require('./deck')

const SHORT_MS = 1
const LONG_MS = 80

// 5 % of the requests are long.
const SHORT = 380
const LONG = 20

const service = createDeck([...Array(SHORT).fill(SHORT_MS), ...Array(LONG).fill(LONG_MS)])

/** A request that blocks the event loop for 1 ms (95 %) or 80 ms (5 %). `service` deals the next request's time in ms. */
module.exports = { routes: { '/': async () => burn(service()) }, service, fill: 4, cpu: true }
