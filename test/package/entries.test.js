'use strict'

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const { Project } = require('./support/project.js')

const bin = path.join(__dirname, '..', '..', 'node_modules', '.bin')
const execute = promisify(execFile)

describe('the entries of the packed package', function () {
  this.timeout(120_000)

  const project = new Project()
  /** @type {string} */
  let tarball

  before(async () => { tarball = await project.pack() })
  after(() => project.remove())

  it('have nothing that publint would change', async () => {
    const { stdout } = await execute(path.join(bin, 'publint'), ['run', tarball, '--strict']).catch((error) => error)
    assert.match(stdout, /All good!/)
  })

  it('have types that @arethetypeswrong/cli considers correct under every module resolution', async () => {
    const { stdout } = await execute(path.join(bin, 'attw'), [tarball, '--format', 'json']).catch((error) => error)
    const { analysis } = JSON.parse(stdout)
    assert.ok(Object.keys(analysis.entrypoints).length >= 8, stdout)
    assert.deepEqual(analysis.problems, [])
  })
})
