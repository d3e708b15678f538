'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { gateOptions } = require('../../lib/gate/options.js')

const readme = fs.readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8')

describe('README', () => {
  for (const [name, { takes, default: value }] of Object.entries(gateOptions)) {
    it(`tells what ${name} takes, and its default`, () => {
      const shown = value === undefined || [value].flat().length === 0 ? '' : typeof value === 'string' ? `\`'${value}'\`` : `${value}`
      assert.ok(readme.includes(`\n| \`${name}\` | ${takes} | ${shown} |`), `| \`${name}\` | ${takes} | ${shown} |`)
    })
  }
})
