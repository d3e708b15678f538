'use strict'

/** @param {() => boolean} toobusy */
function fiveLines (toobusy) {
  return (req, res, next) => {
    if (toobusy()) res.status(503).send("I'm busy right now, sorry.")
    else next()
  }
}

module.exports = fiveLines
