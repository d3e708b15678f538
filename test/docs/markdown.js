'use strict'

/** Reads the parts of the documentation's pages that the tests check. */

const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..', '..')

/** The README, the pages in docs/, and the other pages to which these link. */
const pages = [
  'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md',
  ...fs.readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
]

/** @param {string} page path from the root of the repository */
function read (page) {
  return fs.readFileSync(path.join(root, page), 'utf8')
}

/** @param {string} text */
function withoutCode (text) {
  return text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '')
}

/**
 * @param {string} page
 * @returns {string[]} the fragments that GitHub gives to the headings
 */
function headings (page) {
  const text = read(page).replace(/^```.*?^```$/gms, '')
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(' ', '-'))
}

/**
 * @param {string} page
 * @returns {string[]} where its links lead
 */
function links (page) {
  return [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)
}

/**
 * @param {string} page
 * @returns {{ language: string, code: string }[]}
 */
function codeBlocks (page) {
  return [...read(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, code]) => ({ language, code }))
}

/**
 * @param {string} page
 * @param {string} heading the section, up to the next heading of the same level or a higher one
 */
function section (page, heading) {
  const text = `\n${read(page)}`
  const begin = text.indexOf(`\n${heading}\n`)
  if (begin < 0) throw new Error(`${page} has no heading "${heading}"`)
  const [{ length: level }] = heading.match(/^#+/) ?? ['']
  const rest = text.slice(begin + heading.length + 1)
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'))
  return end < 0 ? rest : rest.slice(0, end)
}

/**
 * @param {string} text
 * @returns {string[][]} the cells of all table rows whose first cell is only code; that cell is without
 *   its backquotes
 */
function rowsOfNames (text) {
  return [...text.matchAll(/^\| `([^`|]+)` \|(.*)\|$/gm)].map(([, name, rest]) =>
    [name, ...rest.split(/(?<!\\)\|/).map((cell) => cell.trim())])
}

module.exports = { codeBlocks, headings, links, pages, read, root, rowsOfNames, section }
