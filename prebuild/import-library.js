'use strict'

const fs = require('node:fs')
const path = require('node:path')

/**
 * On Windows a library names the program that its symbols come from; elsewhere they are looked up when
 * it is loaded. Node-API's list of symbols has no libuv, so all that the sources name is added: types
 * and other systems' calls among it, which nothing then asks for.
 *
 * @param {(...args: string[]) => Promise<void>} zig
 * @param {string} sources their folder
 * @param {string} folder for the library
 * @returns {Promise<string>} its path
 */
module.exports = async function importLibrary (zig, sources, folder) {
  const nodeApi = path.join(path.dirname(require.resolve('node-api-headers')), 'def', 'node_api.def')
  const files = fs.readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(cc|h)$/.test(file))
  const uv = files.flatMap((file) => fs.readFileSync(path.join(sources, file), 'utf8').match(/\buv_\w+/g) ?? [])
  const definition = path.join(folder, 'node.def')
  const library = path.join(folder, 'node.lib')
  fs.writeFileSync(definition, [fs.readFileSync(nodeApi, 'utf8').trimEnd(), ...new Set(uv), ''].join('\n'))
  await zig('dlltool', '-d', definition, '-l', library, '-m', 'i386:x86-64')
  return library
}
