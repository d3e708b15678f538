'use strict'

const spillway = require('./spillway')

/** The middleware or plugin with priorities, which a header names. */
module.exports = Object.fromEntries(['express', 'fastify', 'hapi', 'koa'].map(framework => [
  framework, (app, options) => spillway[framework](app, { priority: { header: 'x-priority', trust: '127.0.0.0/8' }, ...options })
]))
