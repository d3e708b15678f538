'use strict'

// nginx in front of three instances: a client gets a 503 only if all of them refuse. The file to copy is nginx.conf, next
// to this one. Needs nginx (Debian: apt-get install nginx-light), but neither root nor the nginx service.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { createInterface } = require('node:readline')

const { guard } = require('spillway/http')

const { ask, hold, holdOne, startInstance, tally } = require('./support/instance.js')

const REQUESTS = 30

function serve (name) {
  const server = http.createServer((req, res) => {
    if (req.url === '/hold') hold(req, res)
    else res.end(name)
  })
  // maxInFlight: 1 makes one held request an overload. Omit it in a real server, which finds its limit by itself.
  guard(server, { maxInFlight: 1 })
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.once('disconnect', () => process.exit())
}

/** The rest of the configuration. All files are in one directory, so that any user can run it. */
function mainConfiguration (site) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path tmp-${name};`)
  return `
    daemon off;
    pid nginx.pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${temporary.join('\n')}
      ${site}
    }`
}

/**
 * @param {Record<string, number>} the port that replaces each port in nginx.conf
 * @returns {Promise<() => Promise<void>>} stops nginx
 */
async function startNginx (ports) {
  const site = fs.readFileSync(path.join(__dirname, 'nginx.conf'), 'utf8')
    .replace(/127\.0\.0\.1:(\d+)/g, (address, port) => `127.0.0.1:${ports[port]}`)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-nginx-'))
  fs.writeFileSync(path.join(directory, 'nginx.conf'), mainConfiguration(site))
  const nginx = spawn('nginx', ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } // where Debian installs nginx; only root has it in PATH
  })
  process.once('exit', () => nginx.kill())
  await runs(nginx)
  return async () => {
    nginx.kill()
    await once(nginx, 'close')
    fs.rmSync(directory, { recursive: true })
  }
}

async function runs (nginx) {
  const said = []
  const failed = once(nginx, 'close').then(() => { throw new Error(`nginx ended: ${said.join('\n')}`) })
  const listens = new Promise(resolve => createInterface(nginx.stderr).on('line', line => {
    said.push(line)
    if (line.includes('start worker process ')) resolve()
  }))
  await Promise.race([listens, failed])
  failed.catch(() => {})
}

async function freePort () {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

async function demonstrate () {
  const instances = await Promise.all(['first', 'second', 'third'].map(startInstance))
  const [first, second, third] = instances.map(({ port }) => port)
  const port = await freePort()
  const stopNginx = await startNginx({ 8080: port, 8081: first, 8082: second, 8083: third })
  async function show (what, path, options) {
    console.log(what.padEnd(38), await tally(REQUESTS, () => ask(port, path, options)))
  }
  const post = { method: 'POST', headers: { 'Content-Length': 0 } }

  await show('GET, none overloaded', '/')
  const release = await holdOne(first)
  await show('GET, the first overloaded', '/')
  await show('POST, the first overloaded', '/', post)
  await show('POST /orders, the first overloaded', '/orders', post)
  const releaseOthers = [await holdOne(second), await holdOne(third)]
  await show('GET, all overloaded', '/')
  await show('POST /orders, all overloaded', '/orders', post)
  for (const end of [release, ...releaseOthers]) await end()
  await show('GET, none overloaded any more', '/')

  await stopNginx()
  for (const { stop } of instances) stop()
}

const [,, instance] = process.argv
if (instance === undefined) demonstrate()
else serve(instance)
