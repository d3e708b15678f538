'use strict'

const { spawnSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')

const runInBackground = require('./background')
const { unusedPort } = require('../test/support/unused-port')

// Debian's nginx and haproxy are not in the path of every user.
const PATH = `${process.env.PATH}:/usr/sbin`
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
// The number of idle connections to the server that nginx keeps open.
const KEEPALIVE = 32
const LONGEST_START_MS = 5000

// $1: a folder to remove, $2 and the following: the command.
const SCRIPT = `
folder=$1
shift
trap 'rm -r "$folder"' EXIT
"$@" > "$folder/log" 2>&1 &
echo started
cat > /dev/null
kill $!
wait
`

/** For each proxy, its configuration and its command. */
const KINDS = {
  nginx: {
    configure: (folder, port, server) => `
daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/errors;
events { worker_connections 8192; }
http {
  access_log off;
${TEMPORARY.map(name => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  upstream app {
    server ${server.socketPath ? `unix:${server.socketPath}` : `127.0.0.1:${server.port}`} max_fails=0;
    keepalive ${KEEPALIVE};
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
    command: (folder, config) => ['nginx', '-e', `${folder}/errors`, '-c', config]
  },
  haproxy: {
    configure: (folder, port, server) => `
global
  maxconn 8192
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  http-reuse safe
listen app
  bind 127.0.0.1:${port} backlog 4096
  server app 127.0.0.1:${server.port}
`,
    command: (folder, config) => ['haproxy', '-f', config]
  }
}

/** @param {'nginx' | 'haproxy'} kind */
function hasProxy (kind) {
  return spawnSync(kind, ['-v'], { env: { PATH } }).error === undefined
}

/**
 * Starts a proxy in front of a server, on the core of the client.
 *
 * @param {'nginx' | 'haproxy'} kind
 * @param {{ port?: number, socketPath?: string }} server
 * @returns {Promise<{ port: number, stop: () => Promise<void> }>}
 */
async function startProxy (kind, server) {
  const { configure, command } = KINDS[kind]
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-proxy-'))
  const config = path.join(folder, 'config')
  const port = await unusedPort()
  fs.writeFileSync(config, configure(folder, port, server))
  const stop = await runInBackground(kind, SCRIPT, [folder, ...command(folder, config)], { env: { ...process.env, PATH } })
  if (await listens(port)) return { port, stop }
  const log = fs.readFileSync(path.join(folder, 'log'), 'utf8')
  await stop()
  throw new Error(`${kind} does not listen: ${log}`)
}

/** Whether something listens on a port, at the latest after some seconds. */
async function listens (port) {
  const endMs = performance.now() + LONGEST_START_MS
  while (performance.now() < endMs) {
    const socket = net.connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(() => true, () => false)
    socket.destroy()
    if (isOpen) return true
    await sleep(20)
  }
  return false
}

module.exports = { hasProxy, startProxy }
