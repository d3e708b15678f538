'use strict'

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const { Project } = require('./support/project.js')
const { devDependencies, exports: entries } = require('../../package.json')

const TYPED = ['express', '@types/express', 'fastify', '@hapi/hapi', 'koa', '@types/koa', '@types/node']
const TSC = require.resolve('typescript/lib/tsc.js')
const PROMISES = path.join(__dirname, '..', 'types')

const NODE = { module: 'node16', moduleResolution: 'node16' }
const BUNDLER = { module: 'esnext', moduleResolution: 'bundler' }

describe('the types of the package, as installed', function () {
  this.timeout(120_000)

  const project = new Project()

  before(async () => {
    await project.install(TYPED.map((name) => `${name}@${devDependencies[name]}`))
    for (const name of fs.readdirSync(PROMISES)) {
      if (/\.[cm]ts$/.test(name)) fs.copyFileSync(path.join(PROMISES, name), path.join(project.folder, name))
    }
  })
  after(() => project.remove())

  // Where an entry's types were not found, it would have any name.
  before(() => {
    const specifiers = Object.keys(entries).filter((entry) => !entry.endsWith('.json')).map((entry) => path.posix.join('spillway', entry))
    const lines = specifiers.flatMap((specifier, i) => [
      `import * as entry${i} from '${specifier}'`,
      `// @ts-expect-error: no such name in ${specifier}`,
      `entry${i}.noSuchName`
    ])
    fs.writeFileSync(path.join(project.folder, 'every.mts'), lines.join('\n'))
  })

  it('are as promised to Node', () => compiles(NODE, ['*.mts', '*.cts']))
  it('are as promised to a bundler', () => compiles(BUNDLER, ['*.mts']))

  /** @param {object} compilerOptions @param {string[]} include */
  async function compiles (compilerOptions, include) {
    const settings = { lib: ['es2023'], target: 'es2023', noEmit: true, strict: true, types: ['node'], ...compilerOptions }
    const file = path.join(project.folder, 'tsconfig.json')
    fs.writeFileSync(file, JSON.stringify({ compilerOptions: settings, include }))
    const { stdout } = await promisify(execFile)(process.execPath, [TSC, '--project', file]).catch((error) => error)
    // The frameworks' own types have errors.
    const ours = stdout.split('\n').filter((line) => line.includes('error TS') && !/node_modules\/(?!spillway\/)/.test(line))
    assert.deepEqual(ours, [])
  }
})
