'use strict'

/** As its README has it, with its defaults: 42 ms of event-loop delay. `production` keeps its log out. */
module.exports = {
  express: app => app.use(require('overload-protection')('express', { production: true })),
  koa: app => app.use(require('overload-protection')('koa', { production: true }))
}
