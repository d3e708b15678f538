'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const toobusy = require('spillway')
const { guard } = require('spillway/http')
const readiness = require('spillway/readiness')
const spillwayExpress = require('spillway/express')
const spillwayKoa = require('spillway/koa')

/** @returns {Error} what the function throws */
function errorOf (run) {
  try {
    run()
  } catch (error) {
    return error
  }
  assert.fail('it did not throw')
}

describe('The code of an argument error', () => {
  // After shutdown(), toobusy() does not look at its argument. Other tests may have called it.
  let wasStarted
  before(() => {
    wasStarted = toobusy.started()
    toobusy.interval(toobusy.interval())
  })
  after(() => { if (!wasStarted) toobusy.shutdown() })

  const invalidArgument = {
    'toobusy({})': () => toobusy({}),
    "toobusy.maxLag('70')": () => toobusy.maxLag('70'),
    'toobusy.maxLag(9)': () => toobusy.maxLag(9),
    "toobusy.interval('500')": () => toobusy.interval('500'),
    'toobusy.interval(15)': () => toobusy.interval(15),
    'toobusy.interval(2 ** 31)': () => toobusy.interval(2 ** 31),
    "toobusy.smoothingFactor('1')": () => toobusy.smoothingFactor('1'),
    'toobusy.smoothingFactor(2)': () => toobusy.smoothingFactor(2),
    "toobusy.onLag('log')": () => toobusy.onLag('log'),
    "toobusy.onLag(() => {}, '70')": () => toobusy.onLag(() => {}, '70'),
    'guard({})': () => guard({}),
    'guard(server, 70)': () => guard(http.createServer(), 70),
    'readiness({})': () => readiness({}),
    'readiness(gate, 70)': () => readiness({ stats: () => ({}) }, 70)
  }
  for (const [call, run] of Object.entries(invalidArgument)) {
    it(`is SPILLWAY_INVALID_ARGUMENT for ${call}`, () => assert.equal(errorOf(run).code, 'SPILLWAY_INVALID_ARGUMENT'))
  }

  const gate = { stats: () => ({}) }
  it('is SPILLWAY_INVALID_OPTION for a wrong option of readiness()', () => {
    assert.equal(errorOf(() => readiness(gate, { refusing: 2 })).code, 'SPILLWAY_INVALID_OPTION')
    assert.equal(errorOf(() => readiness(gate, { readyAfter: '5' })).code, 'SPILLWAY_INVALID_OPTION')
  })

  it('is SPILLWAY_UNKNOWN_OPTION for an unknown option of readiness()', () => {
    assert.equal(errorOf(() => readiness(gate, { after: 5 })).code, 'SPILLWAY_UNKNOWN_OPTION')
  })

  for (const [name, middleware, options] of [
    ['express', spillwayExpress, { respond: () => {} }],
    ['express', spillwayExpress, { errorMode: true }],
    ['koa', spillwayKoa, { exempt: () => false }],
    ['http', (options) => guard(http.createServer(), options), { respond: () => {} }]
  ]) {
    it(`is SPILLWAY_CONFLICTING_OPTIONS for spill: true beside ${Object.keys(options)} in spillway/${name}`, () => {
      const error = errorOf(() => middleware({ spill: true, ...options }))
      assert.equal(error.name, 'TypeError')
      assert.equal(error.code, 'SPILLWAY_CONFLICTING_OPTIONS')
    })
  }

  it('does not change the message or the class of the errors of toobusy-js', () => {
    const error = errorOf(() => toobusy.maxLag(9))
    assert.equal(error.constructor, Error)
    assert.equal(error.message, 'Maximum lag should be greater than 10ms.')
  })
})
