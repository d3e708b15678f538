'use strict'

const assert = require('node:assert/strict')

const { replacePart } = require('../../bench/results')

describe('in the results of the benches, a bench', () => {
  const text = '# One\n\nfirst\n\n## Its part\n\nmore\n\n# Two\n\nsecond\n'

  it('replaces its own part, and no other', () => {
    assert.equal(replacePart(text, '# One\n\nnew\n'), '# One\n\nnew\n\n# Two\n\nsecond\n')
    assert.equal(replacePart(text, '# Two\n\nnew'), '# One\n\nfirst\n\n## Its part\n\nmore\n\n# Two\n\nnew\n')
  })

  it('is added at the end if it has no part yet', () => {
    assert.equal(replacePart(text, '# Three\n\nthird'), `${text}\n# Three\n\nthird\n`)
    assert.equal(replacePart('', '# One\n\nfirst'), '# One\n\nfirst\n')
  })
})
