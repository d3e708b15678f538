'use strict'

const assert = require('node:assert/strict')
const { read } = require('./markdown.js')
const { dependencies } = require('../../package.json')

describe('SECURITY.md', () => {
  it('names each dependency of the package', () => {
    for (const name of Object.keys(dependencies)) assert.ok(read('SECURITY.md').includes(`\`${name}\``), name)
  })
})
