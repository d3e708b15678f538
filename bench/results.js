'use strict'

const fs = require('node:fs')
const path = require('node:path')

const RESULTS = path.join(__dirname, 'RESULTS.md')

/**
 * Puts what a bench measured into bench/RESULTS.md, in the place of what it measured before.
 *
 * @param {string} part Markdown whose first line, and no other, is a heading of the first level
 * @returns {string} the file
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
