'use strict'

const spillway = require('./spillway')

/** The middleware of those frameworks where the spill must be asked for, with it. */
module.exports = Object.fromEntries(['express', 'koa'].map(framework => [
  framework, (app, options) => spillway[framework](app, { spill: true, ...options })
]))
