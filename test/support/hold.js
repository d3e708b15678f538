'use strict'

const { once } = require('node:events')

/**
 * Sends a request to the `/hold` of a site from servers.js, and waits until its handler runs.
 *
 * @template T
 * @param {{ events: import('node:events').EventEmitter }} site
 * @param {() => T} send
 * @returns {Promise<{ answer: T, release: () => void }>} what `send` returned, and a function that lets the handler answer
 */
async function hold (site, send) {
  const held = once(site.events, 'hold')
  const answer = send()
  const [release] = await held
  return { answer, release }
}

module.exports = { hold }
