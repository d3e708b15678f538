'use strict'

const fs = require('node:fs')
const path = require('node:path')

const page = require('../../page')
const { canPin } = require('../../child/cores')
const { machine, now } = require('../../machine')
const { percent, rate, whole } = require('../../format')
const { tabulate } = require('../table')

const { escape, figure } = page
const CHARTS = fs.readFileSync(path.join(__dirname, 'charts.js'), 'utf8')

/**
 * @param {import('../experiment').Result} result
 * @param {import('../settings').Settings} settings
 * @returns {string}
 */
function renderPage (result, settings) {
  return page.renderPage({
    title: 'spillway: a server under overload',
    body: renderBody(result, settings),
    data: { ...result, ...settings },
    charts: CHARTS
  })
}

function renderBody (result, settings) {
  return `<h1>A Node.js server under overload, without and with spillway</h1>
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
${page.renderTable(tabulate(result))}

<h2>How they were measured</h2>
<p>The client sends on a clock, whether or not earlier requests were answered, and counts latency from the intended
  start. It gives up after ${settings.timeoutMs / 1000} s. Each level runs on a fresh server, compiled by use before, and
  counts the requests of ${settings.durationMs / 1000} s, after ${settings.warmupMs / 1000} s at the same load.
  Capacity is what the server without protection answered to four clients that each wait for their answer. Server and
  client are two processes, ${canPin() ? 'each on a core of its own' : 'not pinned to cores'}. Express
  ${require('express/package.json').version}, Node.js ${process.versions.node}, ${escape(machine())}.
  ${now()}.</p>`
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

function levels ({ measurements }) {
  return [...new Set(measurements.map(({ level }) => level))]
}

module.exports = renderPage
