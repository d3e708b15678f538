'use strict'

const fs = require('node:fs')
const path = require('node:path')

const page = require('../../page')
const { canPin } = require('../../child/cores')
const { machine, now } = require('../../machine')
const { percent, rate, whole } = require('../../format')
const { tabulate } = require('../table')
const { ATTEMPT_TIMEOUT_MS, BELOW, IN_TIME_MS, RETRIES, SPIKE } = require('../spike')

const { escape, figure } = page
const CHARTS = fs.readFileSync(path.join(__dirname, 'charts.js'), 'utf8')

/**
 * Renders the results as an HTML page with charts.
 *
 * @param {import('../experiment').Result} result
 * @param {import('../settings').Settings} settings
 * @returns {string} HTML
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
${renderSpike(result, settings)}

<h2>Under a steady load</h2>
<p class="lead">The same server receives ${list(levels(result))} times its capacity, from clients that do not try again.</p>

${renderSummary(result)}

<section class="charts">
  ${figure('useful', 'Goodput', `Useful responses: status 200 within ${result.usefulMs} ms of the scheduled start of the request.`)}
  ${figure('latency', 'Latency', 'Of the 200 responses. A missing point means that there were none.')}
  ${figure('failed', 'Failures', `No response within ${settings.timeoutMs / 1000} s, or a reset connection.`)}
  ${figure('refused', 'Shed requests', '503 responses, sent instead of handling the request.')}
</section>

<h2>Why</h2>
<p>Each request takes 5 ms of CPU time, in five turns of the event loop, and arrives on a new connection. Above capacity a
  queue forms. Node.js accepts one connection per turn, so the queue builds up in the kernel, where the event loop cannot
  see it: event-loop lag stays low while every request waits for seconds. The server is always busy, but its responses
  come too late to be useful.</p>
<p>On Linux, spillway asks the kernel how long each request has waited, and sends a 503 response to those that have waited
  too long. A 503 is cheap, so most of the capacity remains for requests that are answered in time.</p>

<h2>Results</h2>
${page.renderTable(tabulate(result))}

<h2>Method</h2>
<p>The client starts requests at scheduled times, whether or not it has received earlier responses, and measures latency
  from the scheduled start. It gives up after ${settings.timeoutMs / 1000} s. Each level of load runs on a fresh server. A
  short load lets V8 compile the server's code; after ${settings.warmupMs / 1000} s at the level's load, the requests of
  ${settings.durationMs / 1000} s are counted. The capacity is the throughput of the unprotected server with four clients
  that each wait for a response before they send the next request.</p>
<p>Server and client are two processes, ${canPin() ? 'each pinned to a core of its own' : 'not pinned to cores'}. Express
  ${require('express/package.json').version}, Node.js ${process.versions.node}, ${escape(machine())}. ${now()}.</p>`
}

function renderSpike ({ capacity, spikes }, { spikeMs }) {
  const seconds = spikeMs / 1000
  const after = spikes.map(({ seconds: shares }) => shares.filter(({ second }) => second >= seconds))
  const [without, within] = after.map(shares => percent(meanOf(shares.map(({ share }) => share))))
  return `<p class="lead">An Express server that can handle ${whole(capacity)} requests per second (its capacity) receives ${BELOW} times as
  many. For ${seconds} s, it receives ${SPIKE} times as many. Clients that get no answer 200 within ${ATTEMPT_TIMEOUT_MS / 1000} s try again, up to
  ${RETRIES.attempts} times in all. First without protection, then with one additional line,
  <code>app.use(require('spillway/express')({ maxDelay: 100 }))</code>.</p>
<p class="lead">After the spike, the server without protection answers <b>${without}</b> of the requests in time; with spillway, it answers
  <b>${within}</b>.</p>

<section class="charts one">
  ${page.figure('spike', 'After a spike of load', `The share of the requests that were answered with 200 within ${IN_TIME_MS / 1000} s of the first attempt, second
    by second. Attempts that are too late cost as much as others, and cause further attempts: without protection, the queue outlives
    the spike.`, 'time')}
</section>
${spikes.filter(({ invalid }) => invalid).map(({ protection, invalid }) =>
    `<p>* unreliable: ${protection ?? 'none'}, spike: ${escape(invalid)}</p>`).join('\n')}`
}

/** @param {number[]} values */
function meanOf (values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** @param {number[]} values */
function list (values) {
  return values.join(', ').replace(/, (?=[^,]*$)/, ' and ')
}

function renderSummary (result) {
  const highest = Math.max(...levels(result))
  const items = result.measurements.filter(({ level }) => level === highest).map(({ protection, report }) => `
  <li class="${protection ?? 'none'}">
    <h3>${protection ? `With ${protection}` : 'Without protection'}, at ${highest} × capacity</h3>
    <strong>${percent(report.perSecond.useful / result.capacity)}</strong> of capacity used for useful responses
    <p>${rate(report.perSecond.useful)} useful responses/s, ${rate(report.perSecond.failed)} failures/s<br>
      ${report.ok > 0 ? `latency: p50 ${whole(report.okMs.p50)} ms, p99 ${whole(report.okMs.p99)} ms` : 'latency: no 200 responses'}</p>`)
  return `<ul class="summary">${items.join('')}\n</ul>`
}

function levels ({ measurements }) {
  return [...new Set(measurements.map(({ level }) => level))]
}

module.exports = renderPage
