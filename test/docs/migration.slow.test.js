'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { run } = require('../support/child.js')

const page = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'migration.md'), 'utf8')
const prelude = require.resolve('../support/site-under-test.js')

describe('docs/migration.md', function () {
  this.timeout(60_000)

  for (const section of page.split(/^## /m).slice(1)) {
    const [title] = section.split('\n', 1)
    for (const when of ['Before', 'After']) {
      it(`${title}, ${when.toLowerCase()}: serves, and refuses when it is overloaded`, async () => {
        const [, code] = section.match(new RegExp(`^${when}:\\n\\n\`\`\`js\\n(.*?)^\`\`\`$`, 'ms'))
        const { stdout, stderr } = await run(code, ['--require', prelude])
        const result = stdout.match(/^\{.*\}$/m)?.[0]
        assert.equal(result, '{"first":{"status":200,"body":"hello"},"then":503}', stdout + stderr)
      })
    }
  }
})
