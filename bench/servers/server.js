'use strict'

const answer = require('../child/answer')

const ANY_PORT = { host: '127.0.0.1', port: 0 }

answer(async ({ framework, workload, protection }) => {
  const start = require(`./${framework}`)
  const work = require(`../workloads/${workload}`)
  const server = await start(ANY_PORT, work, protection && require(`../protections/${protection}`))
  return { port: server.address().port }
})
