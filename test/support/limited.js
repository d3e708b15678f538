'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { setTimeout } = require('node:timers/promises')
const { start } = require('./child.js')
const { connect } = require('./client.js')
const { opened } = require('./opened.js')
const { until } = require('./until.js')

/** How long it may take on a slow machine until a limit is exceeded, or is no longer exceeded. */
const LONGEST_MS = 60_000

/** Between two requests, so that the requests do not load the server whose figures are tested. */
const ASK_AGAIN_MS = 20

/** A server in its own process, which a test makes exceed one of its limits. */
class Limited {
  /** The messages it has sent. @type {any[]} */
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

  /** Runs one of the fixture's actions. */
  ask (deed, how = {}) {
    this.#child.send({ deed, ...how })
  }

  /** @returns {Promise<any>} its gate's figures */
  async stats () {
    const { body } = await this.#send('GET /stats')
    return JSON.parse(body)
  }

  /** Waits until it refuses requests for `reason` and no other reason. @returns {Promise<any>} its figures at that time */
  async refuses (reason) {
    const body = await until(async () => {
      await setTimeout(ASK_AGAIN_MS)
      const { status, body } = await this.#send('GET /')
      return status === 503 && body
    }, () => `a refusal for ${reason}`, LONGEST_MS)
    const stats = await this.stats()
    assert.deepEqual(Object.entries(stats.shedBy).filter(([, count]) => count > 0).map(([name]) => name), [reason])
    assert.match(body, new RegExp(`^Service Unavailable: ${reason} is `))
    return stats
  }

  /** Waits until it serves requests. */
  async serves () {
    await until(async () => {
      await setTimeout(ASK_AGAIN_MS)
      return (await this.#send('GET /')).status === 200
    }, () => 'a 200 response', LONGEST_MS)
  }

  /** Waits for a message that has a property of this name. @returns {Promise<any>} the property */
  async says (name) {
    for (;;) {
      const message = this.said.find((said) => name in said)
      if (message !== undefined) return message[name]
      await once(this.#child, 'message')
    }
  }
}

/**
 * Starts a server whose gate has these options.
 *
 * @param {object} options
 * @param {{ execArgv?: string[], execPath?: string, env?: Record<string, string> }} [settings]
 * @returns {Promise<Limited>}
 */
async function limited (options, { env, ...settings } = {}) {
  const { child, hello: { port } } = await start('limited-server.js', [JSON.stringify(options)], env, settings)
  opened(() => child.kill())
  return new Limited(child, await connect(port), port)
}

module.exports = { limited }
