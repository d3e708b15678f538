'use strict'

const fs = require('node:fs')
const path = require('node:path')

/** The sections of the results, each with the name of its file, in the order of the document. */
const NAMES = ['overload', 'demonstration', 'streams', 'cost', 'soak']

function fileOf (name) {
  return path.join(__dirname, `${name}.json`)
}

/**
 * @param {string} name
 * @returns {object | undefined} undefined if it was never measured
 */
function readSection (name) {
  return fs.existsSync(fileOf(name)) ? JSON.parse(fs.readFileSync(fileOf(name), 'utf8')) : undefined
}

/** @returns {Record<string, object>} the sections that were measured, by name */
function readSections () {
  return Object.fromEntries(NAMES.map(name => [name, readSection(name)]).filter(([, section]) => section))
}

/**
 * @param {string} name
 * @param {object} section
 */
function writeSection (name, section) {
  fs.writeFileSync(fileOf(name), `${JSON.stringify(section, null, 1)}\n`)
}

module.exports = { NAMES, readSection, readSections, writeSection }
