'use strict'

/**
 * Reads what a bench wrote as Markdown: a first-level heading, a list of conditions, and the rest.
 *
 * @param {string} part
 * @returns {{ title: string, conditions: Record<string, string>, body: string }}
 */
function parsePart (part) {
  const [heading, ...lines] = part.trim().split('\n')
  const from = lines.findIndex(line => line.startsWith('- '))
  const length = lines.slice(from).findIndex(line => !line.startsWith('- '))
  const list = lines.slice(from, from + length).map(line => line.match(/^- ([^:]+): (.*)$/).slice(1))
  return { title: heading.replace(/^# /, ''), conditions: Object.fromEntries(list), body: lines.slice(from + length).join('\n').trim() }
}

/** @param {{ title: string, conditions: Record<string, string>, body: string }} section */
function renderPart ({ title, conditions, body }) {
  return `# ${title}\n\n${renderConditions(conditions)}\n\n${body}`
}

/** @param {Record<string, string>} conditions */
function renderConditions (conditions) {
  return Object.entries(conditions).map(([name, value]) => `- ${name}: ${value}`).join('\n')
}

/**
 * @param {Record<string, string>} conditions
 * @returns {string} the commit that was measured, with a mark if its files were changed
 */
function commitOf ({ spillway }) {
  const [, commit, changed] = spillway.match(/commit (\w+)(, changed)?/) ?? [undefined, 'unknown']
  return `${commit}${changed ? ' (changed)' : ''}`
}

/**
 * @param {string} body Markdown with tables
 * @returns {Record<string, string>[]} the cells of each row, by their columns
 */
function rowsOf (body) {
  const rows = []
  let head
  for (const line of body.split('\n')) {
    const cells = line.startsWith('|') ? line.slice(1, -1).split('|').map(cell => cell.trim()) : undefined
    if (cells === undefined) head = undefined
    else if (head === undefined) head = cells
    else if (!cells[0].startsWith('---')) rows.push(Object.fromEntries(head.map((column, i) => [column, cells[i]])))
  }
  return rows
}

/**
 * @param {string} body Markdown with tables
 * @param {string[]} cells the first cells of a row
 * @param {string} column
 * @returns {string | undefined} the cell of that row in that column
 */
function cellOf (body, cells, column) {
  return rowsOf(body).find(row => cells.every((cell, i) => Object.values(row)[i] === cell))?.[column]
}

/**
 * @param {{ body: string }} section
 * @returns {{ row: string, text: string }[]} the rows with a bold cell, and the list items that begin with a bold word
 */
function missesOf ({ body }) {
  const rows = rowsOf(body).filter(row => Object.values(row).some(cell => cell.includes('**')))
    .map(row => ({ row: Object.values(row).slice(0, 2).join('/'), text: describe(row) }))
  const items = [...body.matchAll(/^- \*\*(.+?)\*\*: (.*)$/gm)].map(([, word, text]) => ({ row: word, text }))
  return [...rows, ...items]
}

function describe (row) {
  return Object.entries(row).filter(([, cell]) => cell).map(([column, cell]) => `${column} ${cell.replaceAll('**', '')}`).join(', ')
}

module.exports = { cellOf, commitOf, missesOf, parsePart, renderConditions, renderPart }
