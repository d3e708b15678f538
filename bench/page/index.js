'use strict'

const fs = require('node:fs')
const path = require('node:path')

const CHART_JS = fs.readFileSync(path.join(path.dirname(require.resolve('chart.js')), 'chart.umd.min.js'), 'utf8')
const LOOK = fs.readFileSync(path.join(__dirname, 'look.js'), 'utf8')
const STYLE = fs.readFileSync(path.join(__dirname, 'style.css'), 'utf8')

/**
 * One HTML page with graphs, everything inside, readable without a network.
 *
 * @param {object} content
 * @param {string} content.title
 * @param {string} content.body HTML
 * @param {object} content.data for the script, there as `data`
 * @param {string} content.charts the script, which draws by what look.js has
 * @returns {string}
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
 * A frame for one graph.
 *
 * @param {string} id by which the script finds it
 * @param {string} title
 * @param {string} text
 */
function figure (id, title, text) {
  return `<figure>
    <figcaption><b>${title}</b> ${text}</figcaption>
    <div><canvas id="${id}" role="img" aria-label="${title} against offered load"></canvas></div>
  </figure>`
}

/**
 * @param {{ head: string[], rows: string[][], notes: string[] }} table a row's first cell is its class
 * @returns {string}
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

// A script element ends at the first '</script', even inside a string.
function toJson (value) {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

module.exports = { renderPage, figure, renderTable, escape }
