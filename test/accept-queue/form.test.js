'use strict'

const assert = require('node:assert/strict')
const { binding } = require('../../lib/native/binding.js')
const { block } = require('../support/block.js')
const { connect } = require('../support/client.js')
const { needs } = require('../support/needs.js')
const { closeOpened } = require('../support/opened.js')
const { kinds } = require('../support/servers.js')

const REQUEST_MS = 10
const AT_ONCE = 60
/** They answer like the newest version. */
const OTHER_VERSIONS = ['express 4', 'koa 2']
const ORIGIN = { Origin: 'https://a.example' }

/** The headers that depend on the moment or on the connection, or that a framework adds to each response. */
const OTHER_HEADERS = ['date', 'connection', 'keep-alive', 'retry-after', 'x-powered-by']

const isRefusal = ({ status }) => status === 503
/** Node adds the date. */
const isOfSpill = ({ headers }) => headers.date === undefined

function form ({ headers, body }) {
  return { headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OTHER_HEADERS.includes(name))), body }
}

/** Overloads a server until both the spill and the gate have refused a request. */
async function refusals (site) {
  const refused = []
  while (!refused.some(isOfSpill) || refused.every(isOfSpill)) {
    const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => connect(site.port)))
    const answers = await Promise.all(clients.map((client) => client.send('GET /', { headers: ORIGIN })))
    refused.push(...answers.filter(isRefusal))
    for (const client of clients) client.destroy()
  }
  return { spill: form(refused.find(isOfSpill)), gate: form(refused.find((answer) => !isOfSpill(answer))) }
}

describe("the spill's answer", function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  for (const kind of kinds.filter(({ name }) => !OTHER_VERSIONS.includes(name))) {
    for (const [what, options] of [
      ['with a text as message', { message: 'Später' }],
      ['with an object as message', { message: { error: { code: 'ÜBERLAST' } } }]
    ]) {
      it(`has the form of the gate's in ${kind.name} ${what}`, async () => {
        const classify = () => {
          block(REQUEST_MS)
          return 'slow'
        }
        const { spill, gate } = await refusals(await kind.start({ spill: true, maxDelay: 20, classify, ...options }))
        assert.deepEqual(spill, gate)
      })
    }
  }
})
