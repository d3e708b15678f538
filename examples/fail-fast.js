'use strict'

/**
 * If a process cannot recover by itself, a new one replaces it: the process stops accepting connections, answers the
 * requests it has begun, and exits with code 1, so that its supervisor (systemd's Restart=on-failure, Docker's
 * --restart=on-failure, Kubernetes, PM2) starts another.
 *
 *     npm run build && node --max-old-space-size=256 examples/fail-fast.js
 *
 * Each `curl localhost:3000/leak` leaks some megabytes. Repeat it until the process exits.
 */

const http = require('node:http')
const { guard } = require('spillway/http')

/** Answers that have not finished by then are lost. */
const LONGEST_DRAIN_MS = 10_000
const LEAK = 400_000

const kept = []
const server = http.createServer((req, res) => {
  if (req.url === '/leak') kept.push(Array.from({ length: LEAK }, (_, i) => ({ i })))
  res.end('ok\n')
})

guard(server, {
  maxHeapUsedRatio: Number(process.env.MAX_HEAP_USED_RATIO ?? 0.85),
  maxGcRatio: 0.5,
  exhaustedAfter: Number(process.env.EXHAUSTED_AFTER_MS ?? 10_000),
  onExhausted ({ reason, value, limit, forMs }) {
    console.error(`${reason} is ${value.toFixed(2)}, above ${limit} for ${Math.round(forMs)} ms: shutting down`)
    process.exitCode = 1
    server.close(() => process.exit())
    server.closeIdleConnections()
    setTimeout(() => process.exit(), LONGEST_DRAIN_MS)
  }
})

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`listening on ${server.address().port}`))
