'use strict'

const answer = require('../child/answer')

const ANY_PORT = { host: '127.0.0.1', port: 0 }

let workload

async function start ({ framework, workload: name, protection: protectionName, options, socketPath }) {
  workload = require(`../workloads/${name}`)
  const protection = protectionName && require(`../protections/${protectionName}`)
  const startServer = require(`./${framework}`)
  const protect = protection?.[framework]
  if (protection && !protect && !protection.server) throw new Error(`${protectionName} does not protect ${framework}`)
  const server = await startServer(socketPath ? { path: socketPath } : ANY_PORT, workload.routes, protect, options)
  protection?.server?.(server, options)
  workload.begin?.()
  return { port: server.address().port, transport: startServer.transport ?? 'http' }
}

const questions = {
  start,
  slower: ({ factor }) => workload.slower(factor) ?? {},
  cpu: () => process.cpuUsage()
}

answer(question => questions[question.ask](question))
