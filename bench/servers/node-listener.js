'use strict'

/**
 * @param {Parameters<typeof import('./express')>[1]} routes
 * @returns {import('node:http').RequestListener} of a server without a framework
 */
module.exports = routes => async (req, res) => {
  if (!Object.hasOwn(routes, req.url)) return res.writeHead(404).end()
  await routes[req.url](req)
  res.end('done\n')
}
