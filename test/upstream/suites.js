'use strict'

/** How to run each framework's test suite and to read its results. A suite's functions take the path of a checkout. */

const fs = require('node:fs')
const path = require('node:path')

/**
 * @typedef {{ title: string, passed: boolean }} Result
 * @typedef {{ args: (checkout: string) => string[], read: (output: string, checkout: string) => Result[],
 *   build?: string[] }} Suite `build`: a command that creates files which the tests load
 */

/** @param {string[]} folders @returns {Suite} */
function nodeTest (folders) {
  return {
    args: (checkout) => [
      '--test', `--test-reporter=${path.join(__dirname, 'reporter.js')}`, '--test-reporter-destination=stdout',
      ...folders.flatMap((folder) => testFiles(path.join(checkout, folder)))
    ],
    read: (output, checkout) => output.split('\n').filter(Boolean).map((line) => {
      const { title, file, passed } = JSON.parse(line)
      return { title: `${path.relative(checkout, file ?? checkout)}: ${title}`, passed }
    })
  }
}

/** @param {string} folder */
function testFiles (folder) {
  const names = /** @type {string[]} */ (fs.readdirSync(folder, { recursive: true })).sort()
  return names.filter((name) => /\.test\.m?js$/.test(name)).map((name) => path.join(folder, name))
}

/** @type {Record<string, Suite>} */
module.exports = {
  express: {
    args: (checkout) => [
      path.join(checkout, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--require', 'test/support/env', '--reporter', 'json',
      '--check-leaks', 'test/', 'test/acceptance/'
    ],
    read: (output) => {
      const { passes, failures } = JSON.parse(output.slice(output.indexOf('{\n  "stats"')))
      const results = (/** @type {any[]} */ tests, /** @type {boolean} */ passed) =>
        tests.map(({ fullTitle }) => ({ title: fullTitle, passed }))
      return [...results(passes, true), ...results(failures, false)]
    }
  },
  koa: { ...nodeTest(['__tests__']), build: ['npm', 'run', 'build'] },
  fastify: nodeTest(['test'])
}
