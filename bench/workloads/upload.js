'use strict'

const cpuSteps = require('./cpu-steps')

async function read (req) {
  for await (const chunk of req) chunk.fill(0)
}

/** As cpu-steps, beside a route that reads a body. */
module.exports = { ...cpuSteps, routes: { ...cpuSteps.routes, '/upload': read } }
