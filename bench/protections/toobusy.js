'use strict'

/** The five lines that everybody copies, on this package's toobusy(). */
module.exports = {
  express: app => app.use((req, res, next) => {
    const toobusy = require('../../lib')
    if (toobusy()) res.status(503).send("I'm busy right now, sorry.")
    else next()
  })
}
