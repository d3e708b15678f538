'use strict'

const { once } = require('node:events')

const Koa = require('koa')

/** @type {typeof import('./express')} */
module.exports = async function startKoa (address, routes, protect, options) {
  const app = new Koa()
  protect?.(app, options)
  app.use(async ctx => {
    if (!Object.hasOwn(routes, ctx.path)) return
    await routes[ctx.path](ctx.req)
    ctx.body = 'done\n'
  })
  const server = app.listen(address)
  await once(server, 'listening')
  return server
}
