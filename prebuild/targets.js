'use strict'

const path = require('node:path')

/**
 * @typedef {object} Target
 * @property {string} file path in prebuilds/, with the names that node-gyp-build looks for
 * @property {string} triple Zig's name for the system, with the oldest version supported
 * @property {'linux' | 'mac' | 'win'} os the name of the system in binding.gyp
 * @property {string[]} optimize replaces the -O2 of binding.gyp
 * @property {(output: string) => string[]} link Zig's arguments, without the files to link
 * @property {(output: string) => string[]} [strip] a command that removes symbols which Zig cannot leave out
 */

// Calls take up to 5 ns more, and the package is 5 % smaller.
const SMALL = ['-Os']

// Calls take up to 10 ns more, and the binaries are 20 % to 27 % smaller than with -Os. Zig itself has no -Oz. It cannot
// optimize at link time for macOS, where -Oz alone makes the binaries larger. No test runs the binary for Windows,
// so it is compiled in the plain way.
const SMALLEST = ['-Os', '-Xclang', '-Oz', '-flto']

// Only the entry points are exported. Symbols of the C++ runtime could otherwise be bound to those of the process,
// or the other way round.
const ELF = ['-Wl,--gc-sections', `-Wl,--version-script=${path.join(__dirname, 'exports.map')}`]

// Node's symbols are looked up when the addon is loaded. Without an install name, the binary would contain its path
// on this machine. Zig's compiler runtime is left out: it would make up more than half of the binary, and the system's
// libraries contain the parts that are used.
const MACH_O = ['-fallow-shlib-undefined', '-dead_strip', '-install_name', 'spillway.node', '-fno-compiler-rt', '-fstrip', '-lc']

/** @type {Target[]} */
module.exports = [
  linux('linux-x64/spillway.glibc.node', 'x86_64-linux-gnu.2.17'),
  linux('linux-x64/spillway.musl.node', 'x86_64-linux-musl'),
  linux('linux-arm64/spillway.glibc.node', 'aarch64-linux-gnu.2.17'),
  linux('linux-arm64/spillway.musl.node', 'aarch64-linux-musl'),
  mac('darwin-x64/spillway.node', 'x86_64-macos.11.0'),
  mac('darwin-arm64/spillway.node', 'aarch64-macos.11.0'),
  {
    file: 'win32-x64/spillway.node',
    triple: 'x86_64-windows-gnu',
    os: 'win',
    optimize: SMALL,
    link: (output) => ['cc', '-target', 'x86_64-windows-gnu', '-shared', '-s', '-o', output, '-Wl,--gc-sections']
  }
]

/**
 * @param {string} file
 * @param {string} triple
 * @returns {Target}
 */
function linux (file, triple) {
  const link = (/** @type {string} */ output) => ['cc', '-target', triple, '-shared', '-s', '-o', output, ...ELF]
  return { file, triple, os: 'linux', optimize: SMALLEST, link }
}

/**
 * @param {string} file
 * @param {string} triple
 * @returns {Target}
 */
function mac (file, triple) {
  const link = (/** @type {string} */ output) => ['build-lib', '-dynamic', '-target', triple, `-femit-bin=${output}`, ...MACH_O]
  // The system finds the entry points in another table, of exports. LLVM also renews the signature, without which the binary
  // would not be loaded.
  const strip = (/** @type {string} */ output) => ['llvm-strip', '--strip-all', output]
  return { file, triple, os: 'mac', optimize: SMALL, link, strip }
}
