'use strict'

const assert = require('node:assert/strict')
const { runExample } = require('../support/example.js')

// Without fair shares, each tenant gets the same part of what it asks for: between a quarter and a third.
describe('examples/fair-shares.js', () => {
  let printed
  before(async function () { printed = await runExample(this, 'fair-shares.js') })

  const shares = (line) => Object.fromEntries(line.split(', ').map((part) => {
    const [, tenant, percent] = /^(\w+) (\d+) %$/.exec(part)
    return [tenant, Number(percent)]
  }))

  it('shows that a wild tenant leaves the calm one little without fair shares', () => {
    assert.ok(shares(printed['without fair shares']).calm <= 60)
  })

  it('shows that with them the calm one hardly notices', () => {
    const { calm, wild } = shares(printed["with fairBy: { header: 'x-tenant' }"])
    assert.ok(calm >= 90, `${calm} %`)
    assert.ok(wild >= 10, `${wild} %`)
  })
})
