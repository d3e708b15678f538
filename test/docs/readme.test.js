'use strict'

const assert = require('node:assert/strict')
const vm = require('node:vm')
const { run } = require('../support/child.js')
const { codeBlocks, pages, read } = require('./markdown.js')

const MOST_WORDS = 1200

describe('README', () => {
  it(`has at most ${MOST_WORDS} words`, () => {
    const { length } = read('README.md').split(/\s+/).filter(Boolean)
    assert.ok(length <= MOST_WORDS, `${length} words`)
  })

  for (const { language, code } of codeBlocks('README.md').filter(({ language }) => ['js', 'mjs'].includes(language))) {
    const title = code.match(/'(spillway[/\w]*)'/)?.[1]
    it(`has an example of ${title} (${language}) that runs: ${code.split('\n').findLast(Boolean)}`, async () => {
      const flags = language === 'mjs' ? ['--input-type=module'] : []
      const { code: status, stderr, stdout } = await run(`${code}\nconsole.log('done')`, flags)
      assert.deepEqual({ status, stderr, stdout }, { status: 0, stderr: '', stdout: 'done\n' })
    })
  }
})

describe('Code in the documentation', () => {
  for (const page of pages) {
    const blocks = codeBlocks(page).filter(({ language }) => ['js', 'mjs'].includes(language))
    if (blocks.length === 0) continue
    it(`parses in ${page}`, () => {
      for (const { language, code } of blocks) parse(code, language === 'mjs')
    })
  }
})

/** @param {string} code @param {boolean} isModule */
function parse (code, isModule) {
  // A module's imports come first; the rest parses as the body of an async function.
  const body = isModule ? code.replace(/^import .*$/gm, '') : code
  assert.doesNotThrow(() => new vm.Script(`async () => {\n${body}\n}`), code)
}
