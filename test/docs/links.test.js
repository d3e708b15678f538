'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { headings, links, pages, root } = require('./markdown.js')

describe('Links in the documentation', () => {
  for (const page of pages) {
    it(`in ${page} lead to files and headings that exist`, () => {
      for (const link of links(page).filter((target) => !/^[a-z]+:/.test(target))) {
        const [file, fragment] = link.split('#')
        const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
        assert.ok(fs.existsSync(path.join(root, target)), `${link}: no such file`)
        if (fragment !== undefined) assert.ok(headings(target).includes(fragment), `${link}: no such heading`)
      }
    })
  }

  it('lead from the README to every page of docs/', () => {
    const linked = links('README.md')
    for (const page of pages.filter((name) => name.startsWith('docs/'))) assert.ok(linked.includes(page), page)
  })
})

describe('npm commands in the documentation', () => {
  const { scripts } = require('../../package.json')
  for (const page of pages) {
    it(`in ${page} are scripts of package.json`, () => {
      const named = fs.readFileSync(path.join(root, page), 'utf8').matchAll(/\bnpm run ([\w:-]+)/g)
      for (const [command, name] of named) assert.ok(Object.hasOwn(scripts, name), command)
    })
  }
})
