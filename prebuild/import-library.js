'use strict'

const fs = require('node:fs')
const path = require('node:path')

/**
 * Builds the import library that Windows needs: there, a library names the program from which it imports each
 * symbol; elsewhere symbols are looked up when the library is loaded. Node-API's list of symbols does not contain
 * libuv, so every name in the sources that begins with uv_ is added. That includes types and functions of other
 * systems, which do no harm.
 *
 * @param {(...args: string[]) => Promise<void>} zig
 * @param {string} sources the folder of the sources
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
