'use strict'

const { once } = require('node:events')
const http = require('node:http')

const answer = require('../child/answer')

answer(async ({ framework, workload, protection }) => {
  const createListener = require(`./${framework}`)
  const work = require(`../workloads/${workload}`)
  const server = http.createServer(createListener(work, protection && require(`../protections/${protection}`)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: server.address().port }
})
