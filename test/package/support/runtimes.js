'use strict'

const path = require('node:path')

const installed = path.join(__dirname, '..', '..', 'runtimes', 'node_modules')
const ARM64_ROOT = '/usr/aarch64-linux-gnu' // of Debian's libc6-arm64-cross and libstdc++6-arm64-cross

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string[]} command up to the script
 * @property {'native' | 'js'} backend the backend that must be in use there
 */

/** @type {Runtime[]} */
const nodes = ['20', '22', '24', '26'].map((version) => ({
  name: `Node ${version}, x64`,
  command: [path.join(installed, `node-${version}`, 'bin', 'node')],
  backend: 'native'
}))

/** @type {Runtime} */
const arm64 = {
  name: 'Node 22, arm64 under qemu-user',
  command: ['qemu-aarch64-static', '-L', ARM64_ROOT, path.join(installed, 'node-arm64', 'bin', 'node')],
  backend: 'native'
}

/** @type {Runtime[]} */
const others = [
  { name: 'Bun', command: [path.join(installed, '@oven', 'bun-linux-x64', 'bin', 'bun')], backend: 'js' },
  { name: 'Deno', command: [path.join(installed, '@deno', 'linux-x64-glibc', 'deno'), 'run', '--allow-all'], backend: 'js' }
]

module.exports = { ARM64_ROOT, nodes, arm64, others }
