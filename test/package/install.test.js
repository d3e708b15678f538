'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { needs } = require('../support/needs.js')
const { Project } = require('./support/project.js')
const { ARM64_ROOT, arm64, nodes, others } = require('./support/runtimes.js')
const targets = require('../../prebuild/targets.js')

// A binary for each system, the sources and the documentation.
const MOST_DOWNLOADED_BYTES = 1e6
const MOST_UNPACKED_BYTES = 2.2e6

const readme = fs.readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8')
const [, firstExample] = /```js\n([^]+?)```/.exec(readme) ?? []

/** The README's first example, a route, a request, and the package's report about itself. */
const script = `
  ${firstExample}
  const spillway = require('spillway')
  const middleware = require('spillway/express')()
  app.use(middleware)
  app.get('/', (req, res) => res.send('served'))
  const server = app.listen(0, '127.0.0.1', async () => {
    const response = await fetch('http://127.0.0.1:' + server.address().port)
    const text = await response.text()
    const { backend, source } = middleware.snapshot()
    console.log(JSON.stringify({ text, backend: spillway.backend, same: backend === spillway.backend, source }))
    process.exit()
  })`

describe('the package, installed without a compiler,', function () {
  this.timeout(120_000)

  const project = new Project()
  /** @type {import('./support/project.js').Tarball} */
  let tarball

  before(async () => { tarball = await project.install(['express']) })
  after(() => project.remove())

  it('contains the files that a user needs, and no others', () => {
    const folders = new Set(tarball.files.map(({ path }) => path.split('/')[0]))
    assert.deepEqual([...folders].sort(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'docs', 'lib', 'package.json', 'prebuilds', 'src', 'types'])
    const binaries = tarball.files.map(({ path }) => path).filter((name) => name.startsWith('prebuilds/'))
    assert.deepEqual(binaries.sort(), targets.map(({ file }) => `prebuilds/${file}`).sort())
  })

  it('has no script that an installation runs', () => {
    const { scripts, gypfile } = project.manifest()
    assert.deepEqual(['preinstall', 'install', 'postinstall'].filter((name) => name in scripts), [])
    assert.equal(gypfile, false)
  })

  // A lockfile does not record gypfile, so npm ci would compile any package with a *.gyp file in its root.
  it('compiles nothing on npm install or on npm ci from a lockfile', async () => {
    assert.equal(project.hasCompiled(), false)
    const output = await project.reinstall()
    assert.doesNotMatch(output, /node-gyp rebuild|gyp (info|ERR)/)
    assert.equal(project.hasCompiled(), false)
  })

  it('contains the sources and the build file that npm run build needs', () => {
    const names = tarball.files.map(({ path }) => path)
    const { sources } = JSON.parse(fs.readFileSync(project.path('src', 'binding.gyp'), 'utf8')).targets[0]
    assert.deepEqual(sources.filter((name) => !names.includes(`src/${name}`)), [])
    assert.match(project.manifest().scripts.build, /-C src$/)
  })

  it('is a download of at most 1 MB, and has at most 2.2 MB unpacked', () => {
    assert.ok(tarball.size < MOST_DOWNLOADED_BYTES, `${tarball.size} bytes`)
    assert.ok(tarball.unpackedSize < MOST_UNPACKED_BYTES, `${tarball.unpackedSize} bytes`)
  })

  for (const { name, command, backend } of [...nodes, arm64, ...others]) {
    it(`serves the first example on ${name}`, async function () {
      needs(this, command[0], command[0] !== arm64.command[0] || fs.existsSync(ARM64_ROOT))
      await serves(command, backend)
    })
  }

  describe('with its binaries removed', () => {
    before(() => project.removeBinaries())

    for (const { name, command } of [...nodes, ...others]) {
      it(`serves the first example on ${name}, and reports once what it cannot do`, () => serves(command, 'js'))
    }
  })

  /** @param {string[]} command @param {'native' | 'js'} backend */
  async function serves (command, backend) {
    const { code, stdout, stderr } = await project.run(command, script)
    assert.equal(code, 0, stderr)
    const { source, ...rest } = JSON.parse(stdout)
    assert.deepEqual(rest, { text: 'served', backend, same: true })
    if (backend === 'native') {
      assert.equal(stderr, '')
    } else {
      assert.equal(source, 'loop')
      assert.equal(stderr.match(/SpillwayWarning/g)?.length, 1, stderr)
      assert.match(stderr, /\[SPILLWAY_FALLBACK\].*not how long each request waited/)
    }
  }
})
