'use strict'

// A proxy that passes uploads on to a store in parts, four at a time. It holds at most 8 MB in memory.

const { once } = require('node:events')
const http = require('node:http')
const { Readable } = require('node:stream')

const { forEachConcurrent } = require('spillway/stream')

const { comparePeakMemory } = require('./support/peak-memory.js')

const PART_BYTES = 1024 * 1024
const UPLOAD_BYTES = 200 * PART_BYTES

async function * partsOf (upload) {
  let chunks = []
  let bytes = 0
  for await (const chunk of upload) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes < PART_BYTES) continue
    yield Buffer.concat(chunks)
    chunks = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(chunks)
}

async function putPart (storeUrl, part, index, signal) {
  const response = await fetch(`${storeUrl}/part/${index}`, { method: 'PUT', body: part, signal })
  if (!response.ok) throw new Error(`the store answered ${response.status}`)
  await response.arrayBuffer()
}

const streaming = storeUrl => async (req, res) => {
  try {
    await forEachConcurrent(partsOf(req), (part, { index, signal }) => putPart(storeUrl, part, index, signal), {
      concurrency: 4,
      maxBytes: 8 * PART_BYTES
    })
    res.end()
  } catch (error) {
    res.destroy(error) // one part failed: the others were aborted, and the rest of the upload is not read
  }
}

const buffering = storeUrl => async (req, res) => {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  await putPart(storeUrl, Buffer.concat(chunks), 0)
  res.end()
}

// From here on: a store and a client for the demonstration.

async function listen (handler) {
  const server = http.createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${server.address().port}` }
}

async function upload (makeProxy) {
  let stored = 0
  const store = await listen(async (req, res) => {
    for await (const chunk of req) stored += chunk.length
    res.end()
  })
  const proxy = await listen(makeProxy(store.url))
  const chunk = Buffer.alloc(PART_BYTES / 16)
  const body = Readable.from((function * () {
    for (let sent = 0; sent < UPLOAD_BYTES; sent += chunk.length) yield chunk
  })())
  const request = http.request(proxy.url, { method: 'POST' }) // fetch() would keep the sent part of a stream in memory
  body.pipe(request)
  const [{ statusCode }] = await once(request, 'response')
  for (const { server } of [proxy, store]) {
    server.close()
    server.closeAllConnections()
  }
  return `answered ${statusCode}, ${stored / PART_BYTES} MB stored`
}

comparePeakMemory({
  spillway: () => upload(streaming),
  naive: () => upload(buffering)
})
