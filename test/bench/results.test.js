'use strict'

const assert = require('node:assert/strict')

const { replacePart } = require('../../bench/results')

describe('the results of the benches', () => {
  const text = '# One\n\nfirst\n\n## Its part\n\nmore\n\n# Two\n\nsecond\n'

  it('a bench replaces what it measured before, and no other', () => {
    assert.equal(replacePart(text, '# One\n\nnew\n'), '# One\n\nnew\n\n# Two\n\nsecond\n')
    assert.equal(replacePart(text, '# Two\n\nnew'), '# One\n\nfirst\n\n## Its part\n\nmore\n\n# Two\n\nnew\n')
  })

  it('a bench that is not there yet comes last', () => {
    assert.equal(replacePart(text, '# Three\n\nthird'), `${text}\n# Three\n\nthird\n`)
    assert.equal(replacePart('', '# One\n\nfirst'), '# One\n\nfirst\n')
  })
})
