'use strict'

const neostandard = require('neostandard')

module.exports = neostandard({
  env: ['node', 'mocha'],
  ignores: ['build/**', 'coverage/**', 'types/**']
})
