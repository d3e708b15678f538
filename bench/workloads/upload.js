'use strict'

const cpuSteps = require('./cpu-steps')

async function read (req) {
  for await (const chunk of req) chunk.fill(0)
}

/** Like cpu-steps, with another route that reads an uploaded body. */
module.exports = { ...cpuSteps, routes: { ...cpuSteps.routes, '/upload': read } }
