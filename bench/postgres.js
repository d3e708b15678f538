'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const runInBackground = require('./background')

const VERSIONS = '/usr/lib/postgresql' // of Debian
const USER = 'postgres' // because PostgreSQL refuses to run as root

const SCRIPT = `
bin=$1 folder=$2
trap 'rm -r "$folder"' EXIT
"$bin/initdb" --pgdata="$folder/data" --username=${USER} --auth=trust --no-sync > "$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
"$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off > "$folder/log" 2>&1 &
until "$bin/pg_isready" --quiet --host="$folder"; do
  kill -0 $! 2> /dev/null || { cat "$folder/log" >&2; exit 1; }
  sleep 0.05
done
echo ready
cat > /dev/null
kill -INT $!
wait
`

/** @returns {string | undefined} the folder of the newest PostgreSQL's programs */
function findPostgres () {
  const versions = fs.existsSync(VERSIONS) ? fs.readdirSync(VERSIONS) : []
  return versions.toSorted((a, b) => Number(b) - Number(a)).map(version => path.join(VERSIONS, version, 'bin'))
    .find(bin => fs.existsSync(path.join(bin, 'initdb')))
}

/**
 * Starts PostgreSQL with an empty database in a temporary folder, on a Unix socket there, on the core of the client.
 *
 * @param {string} bin from `findPostgres`
 * @returns {Promise<{ env: Record<string, string>, stop: () => Promise<void> }>} `env`: for the environment of processes that use
 *   the database
 */
async function startPostgres (bin) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-postgres-'))
  const user = process.getuid() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (user.uid) fs.chownSync(folder, user.uid, user.gid)
  const stop = await runInBackground('PostgreSQL', SCRIPT, [bin, folder], { ...user, cwd: folder })
  return { env: { PGHOST: folder, PGUSER: USER, PGDATABASE: 'postgres' }, stop }
}

function idOf (flag) {
  return Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }))
}

module.exports = { findPostgres, startPostgres }
