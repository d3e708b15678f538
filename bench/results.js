'use strict'

const fs = require('node:fs')
const path = require('node:path')

const RESULTS = path.join(__dirname, 'RESULTS.md')

/**
 * Writes the results of a benchmark into bench/RESULTS.md, where they replace its previous results.
 *
 * @param {string} part Markdown; its first line is its only first-level heading, which identifies the benchmark
 * @returns {string} path of the file
 */
function writeResults (part) {
  fs.writeFileSync(RESULTS, replacePart(fs.readFileSync(RESULTS, 'utf8'), part))
  return RESULTS
}

function replacePart (text, part) {
  const [heading] = part.split('\n', 1)
  const parts = text.split(/^(?=# )/m).map(other => other.trim()).filter(Boolean)
  const index = parts.findIndex(other => other.split('\n', 1)[0] === heading)
  parts.splice(index < 0 ? parts.length : index, index < 0 ? 0 : 1, part.trim())
  return `${parts.join('\n\n')}\n`
}

module.exports = { writeResults, replacePart }
