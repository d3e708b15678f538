'use strict'

/**
 * The middleware of toobusy-js's README.
 *
 * @param {() => boolean} toobusy
 */
function toobusyMiddleware (toobusy) {
  return (req, res, next) => {
    if (toobusy()) res.status(503).send("I'm busy right now, sorry.")
    else next()
  }
}

module.exports = toobusyMiddleware
