'use strict'

const path = require('node:path')

/**
 * @typedef {object} Target
 * @property {string} file in prebuilds/, by the names that node-gyp-build looks for
 * @property {string} triple Zig's: system, oldest version supported
 * @property {'linux' | 'mac' | 'win'} os as binding.gyp calls it
 * @property {boolean} wholeRuntime link libc++ as it is, instead of the part in runtime.js
 * @property {(output: string) => string[]} link Zig's arguments, but for what is to be linked
 */

// Nothing but the entry points may be seen from outside: the C++ runtime's symbols would be taken for
// those of the process, or the other way round.
const ELF = ['-Wl,--gc-sections', `-Wl,--version-script=${path.join(__dirname, 'exports.map')}`]

// Node's own symbols are looked up when the addon is loaded. The name is what other tools are shown,
// and would be the path on this machine. Zig's helpers for the compiler, all that there are, would make
// more than half of the binary, and the system has those that are used.
const MACH_O = ['-fallow-shlib-undefined', '-dead_strip', '-install_name', 'spillway.node', '-fno-compiler-rt', '-fstrip', '-lc']

/** @type {Target[]} */
module.exports = [
  linux('linux-x64/spillway.glibc.node', 'x86_64-linux-gnu.2.17'),
  linux('linux-x64/spillway.musl.node', 'x86_64-linux-musl'),
  linux('linux-arm64/spillway.glibc.node', 'aarch64-linux-gnu.2.17'),
  linux('linux-arm64/spillway.musl.node', 'aarch64-linux-musl'),
  mac('darwin-x64/spillway.node', 'x86_64-macos.11.0'),
  mac('darwin-arm64/spillway.node', 'aarch64-macos.11.0'),
  // There, even a part of libc++ needs threads, clocks and their errors.
  {
    file: 'win32-x64/spillway.node',
    triple: 'x86_64-windows-gnu',
    os: 'win',
    wholeRuntime: true,
    link: (output) => ['c++', '-target', 'x86_64-windows-gnu', '-shared', '-s', '-o', output, '-Wl,--gc-sections']
  }
]

/**
 * @param {string} file
 * @param {string} triple
 * @returns {Target}
 */
function linux (file, triple) {
  const link = (/** @type {string} */ output) => ['cc', '-target', triple, '-shared', '-s', '-o', output, ...ELF]
  return { file, triple, os: 'linux', wholeRuntime: false, link }
}

/**
 * @param {string} file
 * @param {string} triple
 * @returns {Target}
 */
function mac (file, triple) {
  const link = (/** @type {string} */ output) => ['build-lib', '-dynamic', '-target', triple, `-femit-bin=${output}`, ...MACH_O]
  return { file, triple, os: 'mac', wholeRuntime: false, link }
}
