'use strict'

const fs = require('node:fs')
const path = require('node:path')

const CHART_JS = fs.readFileSync(path.join(path.dirname(require.resolve('chart.js')), 'chart.umd.min.js'), 'utf8')
const LOOK = fs.readFileSync(path.join(__dirname, 'look.js'), 'utf8')
const STYLE = fs.readFileSync(path.join(__dirname, 'style.css'), 'utf8')

/**
 * Renders an HTML page with charts. It loads nothing, so it can be read without a network.
 *
 * @param {object} content
 * @param {string} content.title
 * @param {string} content.body HTML
 * @param {object} content.data `data` in the script
 * @param {string} content.charts a script that draws the charts with the functions of look.js
 * @returns {string} HTML
 */
function renderPage ({ title, body, data, charts }) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>

${body}

<script type="application/json" id="data">${toJson(data)}</script>
<script>${CHART_JS.replace(/^\/\/# sourceMappingURL.*$/m, '')}</script>
<script>${LOOK}${charts.replace("'use strict'\n", '')}</script>
</html>
`
}

/**
 * Renders the frame of one chart.
 *
 * @param {string} id by which the script finds the canvas
 * @param {string} title
 * @param {string} text
 * @param {string} axis what the horizontal axis shows
 */
function figure (id, title, text, axis = 'offered load') {
  return `<figure>
    <figcaption><b>${title}</b> ${text}</figcaption>
    <div><canvas id="${id}" role="img" aria-label="${title}, by ${axis}"></canvas></div>
  </figure>`
}

/**
 * @param {{ head: string[], rows: string[][], notes: string[] }} table the first cell of a row becomes its CSS class
 * @returns {string} HTML
 */
function renderTable ({ head, rows, notes }) {
  const tr = (tag, cells) => `<tr class="${cells[0]}">${cells.map(cell => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<div class="wide"><table>
  <thead>${tr('th', head)}</thead>
  <tbody>${rows.map(cells => tr('td', cells)).join('\n    ')}</tbody>
</table></div>
${notes.map(note => `<p>${note}</p>`).join('\n')}`
}

function escape (text) {
  return text.replace(/[&<>]/g, character => `&#${character.charCodeAt(0)};`)
}

// The first '</script' ends a script element, even inside a string.
function toJson (value) {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

module.exports = { renderPage, figure, renderTable, escape }
