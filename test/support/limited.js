'use strict'

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { setTimeout } = require('node:timers/promises')
const { connect } = require('./client.js')
const { opened } = require('./opened.js')

const fixture = path.join(__dirname, '..', 'fixtures', 'limited-server.js')
const ASK_AGAIN_MS = 20

/** A server in a process of its own, of which a test makes a limit come true. */
class Limited {
  /** What it has said, by what it is about. @type {any[]} */
  said = []
  #child
  #client

  constructor (child, client, port) {
    this.#child = child
    this.#client = client
    this.port = port
    child.on('message', (message) => this.said.push(message))
  }

  /** @param {string} line */
  async #send (line) {
    const answer = await this.#client.send(line)
    if (answer.headers.connection === 'close') this.#client = await connect(this.port)
    return answer
  }

  get pid () {
    return this.#child.pid
  }

  /** Asks it for a deed of the fixture. */
  ask (deed, how = {}) {
    this.#child.send({ deed, ...how })
  }

  /** @returns {Promise<any>} the figures of its gate */
  async stats () {
    const { body } = await this.#send('GET /stats')
    return JSON.parse(body)
  }

  /** Waits until it refuses requests for `reason`. @returns {Promise<any>} its figures then */
  async refuses (reason) {
    for (;;) {
      const { status, body } = await this.#send('GET /')
      if (status === 503) {
        const stats = await this.stats()
        assert.deepEqual(Object.entries(stats.shedBy).filter(([, count]) => count > 0).map(([name]) => name), [reason])
        assert.match(body, new RegExp(`^Service Unavailable: ${reason} is `))
        return stats
      }
      await setTimeout(ASK_AGAIN_MS)
    }
  }

  /** Waits until it serves. */
  async serves () {
    while ((await this.#send('GET /')).status !== 200) await setTimeout(ASK_AGAIN_MS)
  }

  /** Waits until it has said something that has that name. */
  async says (name) {
    for (;;) {
      const message = this.said.find((said) => name in said)
      if (message !== undefined) return message[name]
      await once(this.#child, 'message')
    }
  }
}

/**
 * @param {object} options of its gate
 * @param {{ execArgv?: string[], execPath?: string, env?: Record<string, string> }} [settings]
 * @returns {Promise<Limited>}
 */
async function limited (options, { env = {}, ...settings } = {}) {
  const child = fork(fixture, [JSON.stringify(options)], { ...settings, env: { ...process.env, ...env } })
  opened(() => child.kill())
  const ended = once(child, 'exit').then(([code, signal]) => { throw new Error(`it ended: ${signal ?? code}`) })
  ended.catch(() => {})
  const [{ port }] = await Promise.race([once(child, 'message'), ended])
  return new Limited(child, await connect(port), port)
}

module.exports = { limited }
