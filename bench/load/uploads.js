'use strict'

const http = require('node:http')
const { setTimeout: sleep } = require('node:timers/promises')

// A response or error within this share of the upload's time counts as immediate; a later one breaks the upload.
const IMMEDIATE_SHARE = 1 / 3
const PAUSE_MS = 100

/**
 * Uploads one body after the other, each in pieces. It starts the last one early enough to finish before the load ends.
 *
 * @typedef {object} UploadReport counts
 * @property {number} done response 200 after the last piece
 * @property {number} refused immediate response 503
 * @property {number} failed immediate error, or another immediate response
 * @property {number} broken response or error in the middle of the upload
 *
 * @param {import('./').Load} load
 * @returns {Promise<UploadReport | undefined>} undefined if the load has no uploads
 */
async function runUploads ({ port, uploads, timeoutMs, warmupMs = 0, durationMs }) {
  if (uploads === undefined) return undefined
  const endMs = performance.now() + warmupMs + durationMs
  const report = { done: 0, refused: 0, failed: 0, broken: 0 }
  while (performance.now() + uploads.durationMs < endMs) {
    report[await upload({ port, timeoutMs, ...uploads })]++
    await sleep(PAUSE_MS)
  }
  return report
}

function upload ({ port, path, bytes, pieces, durationMs, timeoutMs }) {
  const piece = Buffer.alloc(bytes / pieces)
  const headers = { 'content-length': piece.length * pieces }
  const request = http.request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false })
  const beganMs = performance.now()
  let written = 0

  function write () {
    request.write(piece)
    if (++written < pieces) return
    clearInterval(clock)
    request.end()
  }

  const clock = setInterval(write, durationMs / pieces)
  write()
  const timer = setTimeout(() => request.destroy(), durationMs + timeoutMs)
  return new Promise(resolve => {
    function settle (status) {
      clearInterval(clock)
      clearTimeout(timer)
      request.destroy()
      const immediate = performance.now() - beganMs < durationMs * IMMEDIATE_SHARE
      if (status === 200 && written === pieces) resolve('done')
      else if (immediate) resolve(status === 503 ? 'refused' : 'failed')
      else resolve('broken')
    }

    request.once('response', response => settle(response.statusCode))
    // Not once(): a destroyed request may still emit errors.
    request.on('error', () => settle())
    request.once('close', () => settle())
  })
}

module.exports = runUploads
