'use strict'

const Hapi = require('@hapi/hapi')

// Leaves the body unread, because only some workloads read it.
const UNREAD = { output: 'stream', parse: false, maxBytes: 2 ** 30 }

/** @type {typeof import('./express')} `protect.settings` are options for the constructor of the server */
module.exports = async function startHapi (address, routes, protect, options) {
  const server = Hapi.server({ ...address, ...protect?.settings })
  await protect?.(server, options)
  for (const [path, work] of Object.entries(routes)) {
    const handler = async ({ raw }) => {
      await work(raw.req)
      return 'done\n'
    }
    server.route([
      { method: 'GET', path, handler },
      { method: 'POST', path, handler, options: { payload: UNREAD } }
    ])
  }
  await server.start()
  return server.listener
}
