'use strict'

const assert = require('node:assert/strict')
const { binding } = require('../../lib/native/binding.js')
const { run } = require('../support/child.js')
const { needs } = require('../support/needs.js')
const { canCompile, compileNestedLoop } = require('../support/nested-loop.js')
const { closeOpened } = require('../support/opened.js')

// For the scripts: whether the connection that is being emitted comes from a spill rather than from libuv.
const IS_HANDED_OVER = "const isHandedOver = () => new Error().stack.includes('handOverAll')"

describe('the spills of several servers in one turn', function () {
  before(function () {
    needs(this, 'waits from the kernel', binding.canSpill)
  })
  afterEach(closeOpened)

  it('do not touch a new server that reuses the descriptor of a server closed in the same turn', async () => {
    const { code, stdout, stderr } = await run(`
      const http = require('node:http')
      const { answerOk, received, sendTextAtOnce, spillingSite } = require('./test/support/spill.js')
      const { until } = require('./test/support/until.js')
      ${IS_HANDED_OVER}
      const GET = 'GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'

      async function main () {
        const first = await spillingSite({ exempt: '/*' })
        const second = await spillingSite()
        const { fd } = second.server._handle
        let answers
        // The first server's spill hands over a connection, and so runs this listener, before the second server's spill runs.
        first.server.on('connection', () => {
          if (answers !== undefined || !isHandedOver()) return
          second.server.removeAllListeners('close')
          second.server.close()
          answers = takeDescriptor(fd)
        })
        sendTextAtOnce(first.port, Array(6).fill(GET))
        sendTextAtOnce(second.port, Array(20).fill(GET))
        await until(() => answers)
        const texts = await Promise.all(answers)
        console.log(JSON.stringify({ served: texts.filter((text) => text.startsWith('HTTP/1.1 200')).length, spilled: second.spill.snapshot().spilled }))
        process.exit()
      }

      /** Opens servers until one has this descriptor, and connects clients to it. */
      function takeDescriptor (fd) {
        for (;;) {
          const server = http.createServer(answerOk).listen(0)
          if (server._handle.fd === fd) return sendTextAtOnce(server.address().port, Array(20).fill(GET)).map(received)
          if (server._handle.fd > fd) throw new Error('the descriptor is not free')
        }
      }

      main()
    `)
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '{"served":20,"spilled":0}\n', stderr: '' })
  })

  it('keep working if JavaScript runs a nested event loop that opens and closes servers', async function () {
    needs(this, 'a C++ compiler and the headers of Node', canCompile())
    const addon = compileNestedLoop()
    const { code, stdout, stderr } = await run(`
      const runTurn = require(${JSON.stringify(addon)})
      const { block } = require('./test/support/block.js')
      const { received, sendTextAtOnce, spillingSite } = require('./test/support/spill.js')
      ${IS_HANDED_OVER}
      const GET = 'GET /health HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'
      // More connections than a single turn handles.
      const PER_SITE = 150
      // By then the budget has grown enough for the hand-overs of another turn.
      const GROWN_MS = 10

      async function main () {
        const sites = []
        for (let i = 0; i < 3; i++) sites.push(await spillingSite({ exempt: '/*' }))
        let depth = 0
        let turns = 0
        for (const [i, { server }] of sites.entries()) {
          server.on('connection', () => {
            if (depth > 2 || !isHandedOver()) return
            depth++
            turns++
            if (turns < 5) block(GROWN_MS)
            runTurn()
            if (turns === 3) sites.at(-1).spill.close()
            if (turns % 5 === 0) spillingSite()
            runTurn()
            depth--
          })
        }
        const texts = await Promise.all(sites.flatMap(({ port }) => sendTextAtOnce(port, Array(PER_SITE).fill(GET)).map(received)))
        const count = (status) => texts.filter((text) => text.startsWith('HTTP/1.1 ' + status)).length
        const sum = (name) => sites.reduce((all, { spill }) => all + spill.snapshot()[name], 0)
        console.log(JSON.stringify({ lost: texts.length - count(200) - count(503), refused: count(503) === sum('spilled'), dropped: sum('dropped'), nested: turns >= 5 }))
        process.exit()
      }

      main()
    `)
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '{"lost":0,"refused":true,"dropped":0,"nested":true}\n', stderr: '' })
  })
})
