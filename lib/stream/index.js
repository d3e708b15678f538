'use strict'

const { forEachConcurrent } = require('./for-each.js')
const { mapConcurrent } = require('./map.js')
const { concurrentTransform } = require('./transform.js')

module.exports = { forEachConcurrent, mapConcurrent, concurrentTransform }
