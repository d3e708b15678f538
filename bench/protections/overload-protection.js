'use strict'

/** As in its README, with its defaults: 42 ms of event-loop delay. `production` turns its logging off. */
module.exports = {
  express: app => app.use(require('overload-protection')('express', { production: true })),
  koa: app => app.use(require('overload-protection')('koa', { production: true }))
}
