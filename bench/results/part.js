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
 * @param {string[]} cells the first cells of a row
 * @param {string} column
 * @returns {string | undefined} the cell of that row in that column
 */
function cellOf (body, cells, column) {
  let head
  for (const line of body.split('\n')) {
    const row = line.startsWith('|') ? line.slice(1, -1).split('|').map(cell => cell.trim()) : undefined
    if (row === undefined) head = undefined
    else if (head === undefined) head = row
    else if (cells.every((cell, i) => row[i] === cell)) return row[head.indexOf(column)]
  }
}

module.exports = { cellOf, commitOf, parsePart, renderConditions, renderPart }
