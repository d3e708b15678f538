'use strict'

const neostandard = require('neostandard')

const skip = { selector: 'CallExpression[callee.property.name="skip"]', message: 'Call needs() from test/support/needs.js, which reports why a test is skipped.' }

module.exports = [
  ...neostandard({
    env: ['node', 'mocha'],
    ignores: ['build/**', 'coverage/**', 'types/**']
  }),
  { files: ['test/*/*.test.js'], rules: { 'no-restricted-syntax': ['error', skip] } }
]
