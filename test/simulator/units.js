'use strict'

// The simulation's time is a number of ns; people write ms.
const ms = (value) => value * 1e6
const toMs = (ns) => ns / 1e6

module.exports = { ms, toMs }
