'use strict'

const fiveLines = require('./five-lines')

/** The five lines that everybody copies, on this package's toobusy(). */
module.exports = { express: app => app.use(fiveLines(require('../../lib/index'))) }
