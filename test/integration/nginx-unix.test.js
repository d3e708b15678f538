'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const { binding } = require('../../lib/native/binding.js')
const { block } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { spillingSite } = require('../support/spill.js')
const { until } = require('../support/until.js')
const { unusedPort } = require('../support/unused-port.js')

const REQUESTS = 20
/** Long enough for nginx to pass on the requests. */
const BUSY_MS = 300
const env = { PATH: `${process.env.PATH}:/usr/sbin` }

const config = (folder, port) => `
  daemon off;
  worker_processes 1;
  pid ${folder}/pid;
  error_log ${folder}/errors;
  events { worker_connections 256; }
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
    upstream app { server unix:${folder}/socket; }
    server {
      listen 127.0.0.1:${port};
      location / { proxy_pass http://app; }
    }
  }
`

describe('nginx in front of a Unix socket', function () {
  before(function () {
    needs(this, 'nginx', spawnSync('nginx', ['-v'], { env }).error === undefined)
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  it('passes on the answers of the spill', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-'))
    opened(() => fs.rmSync(folder, { recursive: true }))
    const { spill } = await spillingSite({}, { path: path.join(folder, 'socket') })
    fs.chmodSync(folder, 0o755)
    fs.chmodSync(path.join(folder, 'socket'), 0o777)
    const port = await unusedPort()
    fs.writeFileSync(path.join(folder, 'config'), config(folder, port))
    const nginx = spawn('nginx', ['-e', `${folder}/errors`, '-c', `${folder}/config`], { env, stdio: 'inherit' })
    opened(() => { nginx.kill('SIGKILL') })
    await until(() => connect(port).then((client) => client.destroy() ?? true, () => false))

    const clients = await Promise.all(Array.from({ length: REQUESTS }, () => connect(port)))
    const answers = clients.map((client) => client.send('GET /'))
    setImmediate(() => block(BUSY_MS))
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    const { spilled, dropped } = spill.snapshot()
    assert.ok(spilled > REQUESTS / 2, `${spilled} refused`)
    assert.deepEqual({ refused: statuses.filter((status) => status === 503).length, dropped }, { refused: spilled, dropped: 0 })
    assert.equal(statuses.filter((status) => status === 200).length, REQUESTS - spilled)
    nginx.kill('SIGQUIT')
    await once(nginx, 'exit')
  })
})
