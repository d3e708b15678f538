'use strict'

/**
 * `npm run bench:results` renders bench/RESULTS.md, and the README's tables of figures, from the sections in this folder. The
 * benches measure a section with `--write`, and then render too.
 */

const fs = require('node:fs')
const path = require('node:path')

const { parsePart } = require('./part')
const { readSections, writeSection } = require('./store')
const renderDocument = require('./document')
const renderReadme = require('./readme')

const ROOT = path.join(__dirname, '..', '..')
const RESULTS = path.join(ROOT, 'bench', 'RESULTS.md')
const README = path.join(ROOT, 'README.md')

const NAMES = { Streams: 'streams', 'Cost without overload': 'cost', Soak: 'soak' }

/**
 * Writes the results of a benchmark, instead of its previous ones.
 *
 * @param {string} markdown a first-level heading, which identifies the benchmark, a list of conditions (conditions.js), and the rest
 * @returns {string} path of the document
 */
function writeResults (markdown) {
  const part = parsePart(markdown)
  return saveSection(NAMES[part.title], part)
}

/**
 * @param {string} name see store.js
 * @param {object} section
 * @returns {string} path of the document
 */
function saveSection (name, section) {
  writeSection(name, section)
  return render()
}

function render () {
  const sections = readSections()
  fs.writeFileSync(RESULTS, renderDocument(sections))
  fs.writeFileSync(README, renderReadme(fs.readFileSync(README, 'utf8'), sections))
  return RESULTS
}

if (require.main === module) console.log(render())

module.exports = { saveSection, writeResults }
