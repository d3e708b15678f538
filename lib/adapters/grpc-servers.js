'use strict'

/** Finds the HTTP/2 servers of a server of `@grpc/grpc-js`, which creates one for each address that it is bound to. */

/**
 * @param {any} value
 * @returns {boolean} whether it is a server of `@grpc/grpc-js`, version 1.10 or later
 */
function isGrpcServer (value) {
  return typeof value?.bindAsync === 'function' && typeof value.createHttp2Server === 'function' && value.http2Servers instanceof Map
}

/**
 * @param {any} grpcServer
 * @param {(server: any) => void} onServer called for each HTTP/2 server, those that exist and those that it will create
 * @returns {() => void} stops that
 */
function eachHttp2Server (grpcServer, onServer) {
  for (const server of grpcServer.http2Servers.keys()) onServer(server)
  const { createHttp2Server } = grpcServer
  /** @this {any} @param {...any} args */
  function createAndTell (...args) {
    const server = Reflect.apply(createHttp2Server, this, args)
    onServer(server)
    return server
  }
  grpcServer.createHttp2Server = createAndTell
  return () => {
    if (grpcServer.createHttp2Server === createAndTell) delete grpcServer.createHttp2Server
  }
}

module.exports = { eachHttp2Server, isGrpcServer }
