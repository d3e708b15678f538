'use strict'

// The simulation counts in ns; its callers use ms.
const ms = (value) => value * 1e6
const toMs = (ns) => ns / 1e6

module.exports = { ms, toMs }
