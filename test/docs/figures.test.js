'use strict'

const assert = require('node:assert/strict')

const renderDocument = require('../../bench/results/document')
const renderReadme = require('../../bench/results/readme')
const { readSections } = require('../../bench/results/store')
const { read } = require('./markdown.js')

describe('Measured figures', () => {
  it('in bench/RESULTS.md are those of bench/results: npm run bench:results', () => {
    assert.equal(read('bench/RESULTS.md'), renderDocument(readSections()))
  })

  it('in the README are those of bench/results: npm run bench:results', () => {
    assert.equal(read('README.md'), renderReadme(read('README.md'), readSections()))
  })

  it('in the README have each place that bench/results fills', () => {
    const places = [...read('README.md').matchAll(/^<!-- figures: (\w+) -->$/gm)].map(([, name]) => name)
    assert.deepEqual(places, ['spike', 'demonstration', 'peers', 'postgres', 'neighbours'])
  })
})
