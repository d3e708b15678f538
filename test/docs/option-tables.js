'use strict'

/** The option tables of the code, in the form that the tests of the documentation need. */

const http = require('node:http')
const Fastify = require('fastify')
const Hapi = require('@hapi/hapi')
const reader = require('../../lib/options/read.js')
const { gateOptions } = require('../../lib/gate/options.js')
const { retryOptions, streamOptions } = require('../../lib/streams/options.js')

/** @typedef {import('../../lib/options/rows.js').OptionRow} OptionRow */

/** @type {Record<string, (entry: any) => unknown>} */
const uses = {
  '../../lib/adapters/express.js': (express) => express(),
  '../../lib/adapters/koa.js': (koa) => koa(),
  '../../lib/adapters/http.js': ({ guard }) => guard(http.createServer()),
  '../../lib/adapters/fastify/index.js': (plugin) => Fastify().register(plugin).ready().then((fastify) => fastify.close()),
  '../../lib/adapters/hapi/index.js': (plugin) => Hapi.server().register({ plugin }),
  '../../lib/readiness.js': (readiness) => readiness({ stats: () => ({}) }).close()
}

/**
 * Each entry point reads its options once, with a table of its own.
 *
 * @returns {Promise<Record<string, Record<string, OptionRow>>>} by entry point
 */
async function optionTables () {
  const { readOptions } = reader
  /** @type {Record<string, Record<string, OptionRow>>} */
  const tables = {}
  /** @type {typeof readOptions} */
  const recording = (entry, table, ...rest) => {
    tables[entry] = table
    return readOptions(entry, table, ...rest)
  }
  for (const [file, use] of Object.entries(uses)) {
    const id = require.resolve(file)
    const { [id]: loaded } = require.cache
    delete require.cache[id]
    reader.readOptions = recording
    try {
      await use(require(id))
    } finally {
      reader.readOptions = readOptions
      if (loaded === undefined) delete require.cache[id]
      else require.cache[id] = loaded
    }
  }
  return tables
}

/**
 * @param {Record<string, OptionRow>} table
 * @returns {Record<string, OptionRow>} without the options that all adapters share
 */
function ownRows (table) {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !Object.hasOwn(gateOptions, name)))
}

module.exports = { gateOptions, optionTables, ownRows, retryOptions, streamOptions }
