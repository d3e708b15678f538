'use strict'

const spillway = require('./spillway')

/** The middleware for the frameworks in which the spill is off by default, with the spill on. */
module.exports = Object.fromEntries(['express', 'koa'].map(framework => [
  framework, (app, options) => spillway[framework](app, { spill: true, ...options })
]))
