'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { execFile, spawn } = require('node:child_process')
const { once } = require('node:events')

const { promisify } = require('node:util')
const { ask, start } = require('../support/child.js')
const { connect } = require('../support/client.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')

const REQUESTS = Number(process.env.SPILL_REQUESTS ?? 10_000)
const AT_ONCE = 100

const runFile = promisify(execFile)

/**
 * What real clients see when a connection is refused from the accept queue: a complete 503 and no reset. Their counts and
 * the server's must be equal. Needs Debian's curl, wrk and nginx-light.
 */
describe('refusals by the spill reach', function () {
  this.timeout(300_000)
  afterEach(closeOpened)

  async function spillingServer () {
    const { child, hello: { port } } = await start('spilling-server.js')
    opened(() => child.kill())
    return { child, port }
  }

  async function spilled (child) {
    return (await ask(child)).spilled
  }

  /** Sends requests, `AT_ONCE` at a time, and counts the answers by status. */
  async function count (requests, send) {
    const statuses = {}
    let left = requests
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) {
        const status = await send()
        statuses[status] = (statuses[status] ?? 0) + 1
      }
    }))
    return statuses
  }

  function get (options) {
    return new Promise((resolve, reject) => {
      http.get(options, (res) => {
        let body = ''
        res.on('data', (data) => { body += data })
        res.on('end', () => resolve(res.statusCode === 503 && body !== 'Service Unavailable' ? 'cut' : res.statusCode))
        res.on('error', reject)
      }).on('error', ({ code }) => resolve(code))
    })
  }

  it('http.get() with a connection for each request', async () => {
    const { child, port } = await spillingServer()
    const statuses = await count(REQUESTS, () => get({ port, host: '127.0.0.1', agent: false }))
    if (process.env.SPILL_REQUESTS) console.log(statuses)
    assert.deepEqual(statuses, { 200: statuses[200], 503: await spilled(child) })
    assert(statuses[503] > REQUESTS / 10)
  })

  it('fetch()', async () => {
    const { child, port } = await spillingServer()
    const statuses = await count(REQUESTS / 2, async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
      const body = await response.text()
      return response.status === 503 && body !== 'Service Unavailable' ? 'cut' : response.status
    })
    if (process.env.SPILL_REQUESTS) console.log(statuses)
    assert.deepEqual(statuses, { 200: statuses[200], 503: await spilled(child) })
    assert(statuses[503] > 0)
  })

  it('curl, with and without a body to send', async () => {
    const { child, port } = await spillingServer()
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'spill-')), 'upload')
    fs.writeFileSync(file, Buffer.alloc(300_000))
    for (const more of [[], ['--head'], ['--data-binary', `@${file}`]]) {
      const before = await spilled(child)
      const urls = `http://127.0.0.1:${port}/[1-200]`
      const { stdout } = await runFile('curl', ['--silent', '--show-error', '--parallel', '--parallel-immediate', '--parallel-max', '200',
        '--header', 'Connection: close', '--output', '/dev/null', '--write-out', '%{exitcode} %{http_code}\n', ...more, urls])
      const lines = stdout.trim().split('\n')
      assert.deepEqual(lines.filter((line) => !/^0 (200|503)$/.test(line)), [])
      assert.equal(lines.filter((line) => line === '0 503').length, await spilled(child) - before)
    }
    assert(await spilled(child) > 0)
  })

  it('wrk with Connection: close', async () => {
    const { child, port } = await spillingServer()
    const { stdout } = await runFile('wrk', ['-t1', `-c${AT_ONCE}`, '-d3', '-H', 'Connection: close', `http://127.0.0.1:${port}/`])
    const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1])
    // At its end, wrk leaves the answers to its last requests unread.
    assert(await spilled(child) - refused <= AT_ONCE && refused <= await spilled(child), stdout)
    assert.doesNotMatch(stdout, /connect [1-9]|timeout [1-9]/)
  })

  it('nginx as a proxy, with its defaults', async () => {
    const { child, port } = await spillingServer()
    const front = await nginx(port)
    const agent = new http.Agent({ keepAlive: true })
    opened(() => agent.destroy())
    const statuses = await count(REQUESTS, () => get({ port: front.port, host: '127.0.0.1', agent }))
    if (process.env.SPILL_REQUESTS) console.log(statuses)
    assert.deepEqual(statuses, { 200: statuses[200], 503: await spilled(child) })
    assert(statuses[503] > REQUESTS / 10)
    assert.equal(fs.readFileSync(front.errorLog, 'utf8'), '')
  })

  async function nginx (backend) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spill-nginx-'))
    const port = 20_000 + process.pid % 10_000
    const errorLog = path.join(folder, 'error.log')
    const file = path.join(folder, 'nginx.conf')
    fs.writeFileSync(file, `
      daemon off; pid ${folder}/pid; worker_processes 1; error_log ${errorLog} warn;
      events { worker_connections 4096; }
      http {
        access_log off;
        client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
        uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
        server { listen 127.0.0.1:${port}; keepalive_requests 1000000; location / { proxy_pass http://127.0.0.1:${backend}; } }
      }`)
    const child = spawn('nginx', ['-c', file, '-e', errorLog], { stdio: 'ignore' })
    opened(async () => {
      child.kill('SIGQUIT')
      await once(child, 'exit')
    })
    const client = await until(() => connect(port).catch(() => undefined), () => 'a connection to nginx')
    client.destroy()
    return { port, errorLog }
  }
})
