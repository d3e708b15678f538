'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { execFileSync } = require('node:child_process')
const { opened } = require('./opened.js')

const source = path.join(__dirname, '..', 'fixtures', 'nested-loop.cc')
const include = path.join(process.execPath, '../../include/node')

/** Whether an addon can be compiled without downloading anything. */
function canCompile () {
  try {
    execFileSync('c++', ['--version'], { stdio: 'ignore' })
    return fs.existsSync(path.join(include, 'node_api.h'))
  } catch {
    return false
  }
}

/** @returns {string} the path of an addon that exports a function, and that function runs one turn of the event loop */
function compileNestedLoop () {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'nested-loop-'))
  opened(() => fs.rmSync(directory, { recursive: true }))
  const addon = path.join(directory, 'nested-loop.node')
  execFileSync('c++', ['-std=c++17', '-shared', '-fPIC', `-I${include}`, '-o', addon, source])
  return addon
}

module.exports = { canCompile, compileNestedLoop }
