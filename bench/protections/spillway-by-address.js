'use strict'

const spillway = require('./spillway')

/** The middleware or plugin with fair shares for addresses. */
module.exports = Object.fromEntries(['express', 'fastify', 'hapi', 'koa'].map(framework => [
  framework, (app, options) => spillway[framework](app, { fairBy: 'address', ...options })
]))
