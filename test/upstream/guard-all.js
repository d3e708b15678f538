'use strict'

/**
 * Preloaded with `--require`: guards every server of the process with default options, and appends the gates' counts to
 * the file that GUARDED_FILE names.
 */

const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const http2 = require('node:http2')
const { syncBuiltinESMExports } = require('node:module')
const { guard } = require('../../lib/adapters/http.js')

/** @type {import('../../lib/gate/gate.js').GateHandle[]} */
const gates = []

/** @param {any} server */
function guarded (server) {
  gates.push(guard(server))
  return server
}

/** @param {any} make a constructor that may be called without `new`, or a function */
function guarding (make) {
  return new Proxy(make, {
    apply: (target, self, args) => guarded(Reflect.apply(target, self, args)),
    construct: (target, args, newTarget) => guarded(Reflect.construct(target, args, newTarget))
  })
}

for (const [module, names] of [
  [http, ['Server', 'createServer']],
  [https, ['Server', 'createServer']],
  [http2, ['createServer', 'createSecureServer']]
]) {
  for (const name of names) module[name] = guarding(module[name])
}
syncBuiltinESMExports()

process.once('exit', () => {
  if (gates.length === 0) return
  const stats = gates.map((gate) => gate.stats())
  const sum = (count) => stats.reduce((total, each) => total + each[count], 0)
  const line = { servers: gates.length, admitted: sum('admitted'), shed: sum('shed') }
  fs.appendFileSync(process.env.GUARDED_FILE, JSON.stringify(line) + '\n')
})
