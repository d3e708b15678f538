'use strict'

/** The addon counts in ns; users give and get ms. */
const NS_PER_MS = 1e6

module.exports = { NS_PER_MS }
