'use strict'

const grpc = require('@grpc/grpc-js')

const METHOD = {
  requestStream: false,
  responseStream: false,
  requestSerialize: () => Buffer.alloc(0),
  requestDeserialize: () => ({}),
  responseSerialize: () => Buffer.alloc(0),
  responseDeserialize: () => ({})
}

/**
 * A server of gRPC with a unary method for each route.
 *
 * @type {typeof import('./express')}
 */
module.exports = async function startGrpc ({ host, port }, routes, protect, options) {
  const server = new grpc.Server()
  const names = Object.entries(routes).map(([path, work], i) => [`method${i}`, path, work])
  const service = Object.fromEntries(names.map(([name, path]) => [name, { ...METHOD, path }]))
  const answers = names.map(([name, , work]) => [name, (call, answer) => work(call).then(() => answer(null, {}), answer)])
  server.addService(service, Object.fromEntries(answers))
  protect?.(server, options)
  const boundTo = await new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, grpc.ServerCredentials.createInsecure(), (error, number) => error ? reject(error) : resolve(number))
  })
  return Object.assign(server, { address: () => ({ port: boundTo }) })
}

module.exports.transport = 'grpc'
