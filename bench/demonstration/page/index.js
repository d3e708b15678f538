'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const { canPin } = require('../../child/cores')
const { percent, rate, tabulate, whole } = require('../table')

const CHART_JS = fs.readFileSync(path.join(path.dirname(require.resolve('chart.js')), 'chart.umd.min.js'), 'utf8')
const CHARTS = fs.readFileSync(path.join(__dirname, 'charts.js'), 'utf8')
const STYLE = fs.readFileSync(path.join(__dirname, 'style.css'), 'utf8')

/**
 * One HTML page with the graphs, everything inside, readable without a network.
 *
 * @param {import('../experiment').Result} result
 * @param {import('../settings').Settings} settings
 * @returns {string}
 */
function renderPage (result, settings) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>spillway: a server under overload</title>
<style>${STYLE}</style>

<h1>A Node.js server under overload, without and with spillway</h1>
<p class="lead">An Express server that can answer ${whole(result.capacity)} requests a second is offered
  ${levels(result).join(', ')} times as many: first as it is, then with one line more,
  <code>app.use(require('spillway/express')({ maxDelay: 100 }))</code></p>

${renderSummary(result)}

<section class="charts">
  ${figure('useful', 'Useful answers', `200 within ${result.usefulMs} ms of the moment the client meant to ask`)}
  ${figure('latency', 'Latency', 'of the answers 200; no point where there was none')}
  ${figure('failed', 'Failures', `no answer within ${settings.timeoutMs / 1000} s, or a connection reset`)}
  ${figure('refused', 'Refused', 'answered 503, the request not begun')}
</section>

<h2>Why</h2>
<p>Each request costs 5 ms of CPU in five steps, one turn of the event loop apart, and comes on a new connection, as from
  nginx in its default setting. Above capacity a queue forms. Node.js accepts one connection a turn, so the queue stands in
  the kernel, before the event loop: the loop hardly looks late, while every request waits for seconds. The server is
  busy all the time, with answers that come too late.</p>
<p>On Linux, spillway asks the kernel how long each request has waited, and answers 503 to those that waited too long.
  That costs little, so that most of the capacity is left for requests that are answered in time.</p>

<h2>The figures</h2>
${renderTable(tabulate(result))}

<h2>How they were measured</h2>
<p>The client sends on a clock, whether or not earlier requests were answered, and counts latency from the intended
  start. It gives up after ${settings.timeoutMs / 1000} s. Each level runs on a fresh server, compiled by use before, and
  counts the requests of ${settings.durationMs / 1000} s, after ${settings.warmupMs / 1000} s at the same load.
  Capacity is what the server without protection answered to four clients that each wait for their answer. Server and
  client are two processes, ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}. Express
  ${require('express/package.json').version}, Node.js ${process.versions.node}, ${escape(machine())}.
  ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC.</p>

<script type="application/json" id="data">${toJson({ ...result, ...settings })}</script>
<script>${CHART_JS.replace(/^\/\/# sourceMappingURL.*$/m, '')}</script>
<script>${CHARTS}</script>
</html>
`
}

function renderSummary (result) {
  const highest = Math.max(...levels(result))
  const items = result.measurements.filter(({ level }) => level === highest).map(({ protection, report }) => `
  <li class="${protection ?? 'none'}">
    <h3>${protection ? `with ${protection}` : 'without protection'}, at ${highest} × capacity</h3>
    <strong>${percent(report.perSecond.useful / result.capacity)}</strong> of capacity answered in time
    <p>${rate(report.perSecond.useful)} useful answers/s, ${rate(report.perSecond.failed)} failures/s<br>
      ${report.ok > 0 ? `latency p50 ${whole(report.okMs.p50)} ms, p99 ${whole(report.okMs.p99)} ms` : 'no latency: none was answered 200'}</p>`)
  return `<ul class="summary">${items.join('')}\n</ul>`
}

function figure (id, title, text) {
  return `<figure>
    <figcaption><b>${title}</b> ${text}</figcaption>
    <div><canvas id="${id}" role="img" aria-label="${title} against offered load"></canvas></div>
  </figure>`
}

function renderTable ({ head, rows, notes }) {
  const tr = (tag, cells) => `<tr class="${cells[0]}">${cells.map(cell => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<div class="wide"><table>
  <thead>${tr('th', head)}</thead>
  <tbody>${rows.map(cells => tr('td', cells)).join('\n    ')}</tbody>
</table></div>
${notes.map(note => `<p>${note}</p>`).join('\n')}`
}

function levels ({ measurements }) {
  return [...new Set(measurements.map(({ level }) => level))]
}

function machine () {
  const cpus = os.cpus()
  return `${os.type()} ${os.release()} ${os.arch()}, ${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown CPU'}`
}

function escape (text) {
  return text.replace(/[&<>]/g, character => `&#${character.charCodeAt(0)};`)
}

// A script element ends at the first '</script', even inside a string.
function toJson (value) {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

module.exports = renderPage
