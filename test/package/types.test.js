'use strict'

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const ts = require('typescript')
const { Project } = require('./support/project.js')
const { devDependencies, exports: entries } = require('../../package.json')

const TYPED = ['express', '@types/express', 'fastify', '@hapi/hapi', 'koa', '@types/koa', '@types/node']
const TSC = require.resolve('typescript/lib/tsc.js')
const PROMISES = path.join(__dirname, '..', 'types')
const SPECIFIERS = Object.keys(entries).filter((entry) => !entry.endsWith('.json')).map((entry) => path.posix.join('spillway', entry))

const ES_MODULES = ['modules.mts', 'stream.mts', 'streams.mts', 'unknown-names.mts']
const COMMONJS = ['commonjs.cts', 'unknown-names.cts']
const WITH_INTEROP = ['interop.cts'] // imports the whole exports of CommonJS modules by default
const MODES = [
  { title: 'nodenext', module: 'nodenext', moduleResolution: 'nodenext', files: [...ES_MODULES, ...COMMONJS] },
  { title: 'node16', module: 'node16', moduleResolution: 'node16', files: [...ES_MODULES, ...COMMONJS] },
  { title: 'bundler', module: 'esnext', moduleResolution: 'bundler', files: ES_MODULES },
  { title: 'node10', module: 'commonjs', moduleResolution: 'node10', files: COMMONJS }
]

describe('the types of the package, as installed,', function () {
  this.timeout(120_000)

  const project = new Project()

  before(async () => {
    await project.install(TYPED.map((name) => `${name}@${devDependencies[name]}`))
    for (const name of fs.readdirSync(PROMISES)) {
      if (/\.[cm]ts$/.test(name)) fs.copyFileSync(path.join(PROMISES, name), path.join(project.folder, name))
    }
    // If TypeScript did not find the types of an entry, every name would be accepted.
    const unknownNames = SPECIFIERS.flatMap((specifier, i) => [
      `import * as entry${i} from '${specifier}'`,
      `// @ts-expect-error: no such name in ${specifier}`,
      `entry${i}.noSuchName`
    ])
    for (const ending of ['mts', 'cts']) fs.writeFileSync(path.join(project.folder, `unknown-names.${ending}`), unknownNames.join('\n'))
  })
  after(() => project.remove())

  for (const { title, files, ...options } of MODES) {
    for (const esModuleInterop of [true, false]) {
      it(`compile under ${title}, esModuleInterop ${esModuleInterop ? 'on' : 'off'}`, () => {
        const isCommonJS = files.includes('commonjs.cts')
        return compiles({ ...options, esModuleInterop }, esModuleInterop && isCommonJS ? [...files, ...WITH_INTEROP] : files)
      })
    }
  }

  for (const specifier of SPECIFIERS) {
    it(`declare for ${specifier} the names that import() gives`, async () => {
      const script = `import('${specifier}').then((entry) => console.log(JSON.stringify(Object.keys(entry))))`
      const { stdout, stderr } = await project.run([process.execPath], script)
      assert.equal(stderr, '')
      // Node 23 and later add a name for all exports of a CommonJS module.
      const given = JSON.parse(stdout).filter((name) => name !== 'default' && name !== 'module.exports')
      assert.deepEqual(declaredNames(specifier), given.sort())
    })
  }

  /** @param {string} specifier @returns {string[]} names of values, without the default export */
  function declaredNames (specifier) {
    const file = project.path(entries[specifier.replace('spillway', '.')].types)
    const program = ts.createProgram([file], { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, skipLibCheck: true })
    const checker = program.getTypeChecker()
    const valueOf = (symbol) => symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    // Includes the members of a type that is exported as a whole, such as the properties of an object.
    const names = checker.getExportsAndPropertiesOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)))
      .filter((symbol) => valueOf(symbol).flags & ts.SymbolFlags.Value)
      .map(({ name }) => name)
      .filter((name) => name !== 'default')
    return [...new Set(names)].sort()
  }

  /** @param {object} compilerOptions @param {string[]} files */
  async function compiles (compilerOptions, files) {
    const settings = { lib: ['es2023'], target: 'es2023', noEmit: true, strict: true, types: ['node'], ...compilerOptions }
    const file = path.join(project.folder, 'tsconfig.json')
    fs.writeFileSync(file, JSON.stringify({ compilerOptions: settings, files }))
    const { stdout } = await promisify(execFile)(process.execPath, [TSC, '--project', file]).catch((error) => error)
    // The frameworks' own types have errors.
    const ours = stdout.split('\n').filter((line) => line.includes('error TS') && !/node_modules\/(?!spillway\/)/.test(line))
    assert.deepEqual(ours, [])
  }
})
