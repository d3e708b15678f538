'use strict'

const fiveLines = require('./five-lines')

/** The five lines of its README. */
module.exports = { express: app => app.use(fiveLines(require('toobusy-js'))) }
