'use strict'

const assert = require('node:assert/strict')
const grpc = require('@grpc/grpc-js')
const { setTimeout: sleep } = require('node:timers/promises')
const { guard } = require('../../lib/adapters/http.js')
const { backend } = require('../../lib/native/binding.js')
const { needs } = require('../support/needs.js')
const { closeOpened, opened } = require('../support/opened.js')
const { until } = require('../support/until.js')

const EMPTY = () => Buffer.alloc(0)
const METHOD = { requestStream: false, responseStream: false, requestSerialize: EMPTY, requestDeserialize: EMPTY, responseSerialize: EMPTY, responseDeserialize: EMPTY }
const SERVICE = { hold: { ...METHOD, path: '/test.Service/Hold' }, answer: { ...METHOD, path: '/test.Service/Answer' } }

afterEach(closeOpened)

describe('a guarded server of @grpc/grpc-js', () => {
  /** `hold` is answered when the test calls the function in `held`. */
  function createServer () {
    const server = new grpc.Server()
    opened(() => server.forceShutdown())
    const held = []
    server.addService(SERVICE, {
      hold: (call, answer) => held.push(() => answer(null, EMPTY())),
      answer: (call, answer) => answer(null, EMPTY())
    })
    return { server, held }
  }

  function bind (server) {
    return new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => error ? reject(error) : resolve(port))
    })
  }

  function connect (port, options) {
    const Client = grpc.makeGenericClientConstructor(SERVICE, 'test.Service')
    const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options)
    opened(() => client.close())
    return (name, call = {}) => new Promise((resolve) => client[name](EMPTY(), call, (error) => resolve(error === null ? grpc.status.OK : error.code)))
  }

  for (const [when, guardAndBind] of [
    ['before it is bound', (server, options) => { const gate = guard(server, options); return bind(server).then((port) => ({ gate, port })) }],
    ['after it was bound', (server, options) => bind(server).then((port) => ({ gate: guard(server, options), port }))]
  ]) {
    it(`refuses calls with UNAVAILABLE if it was guarded ${when}, and counts those in flight`, async () => {
      const { server, held } = createServer()
      const { gate, port } = await guardAndBind(server, { maxInFlight: 1 })
      opened(() => gate.close())
      const call = connect(port)
      assert.equal(await call('answer'), grpc.status.OK)
      const first = call('hold')
      await until(() => held.length === 1)
      assert.equal(gate.stats().inFlight, 1)
      assert.equal(await call('answer'), grpc.status.UNAVAILABLE)
      held[0]()
      assert.equal(await first, grpc.status.OK)
      await until(() => gate.stats().inFlight === 0)
      const { admitted, shedBy: { maxInFlight } } = gate.stats()
      assert.deepEqual({ admitted, maxInFlight }, { admitted: 2, maxInFlight: 1 })
    })
  }

  it('is asked again by a client with a retry policy, after the time that the refusal names', async () => {
    const { server, held } = createServer()
    const gate = guard(server, { maxInFlight: 1, retryAfter: 1 })
    opened(() => gate.close())
    const call = connect(await bind(server), {
      'grpc.service_config': JSON.stringify({
        methodConfig: [{
          name: [{ service: 'test.Service' }],
          retryPolicy: { maxAttempts: 5, initialBackoff: '9999s', maxBackoff: '9999s', backoffMultiplier: 1, retryableStatusCodes: ['UNAVAILABLE'] }
        }]
      })
    })
    const first = call('hold')
    await until(() => held.length === 1)
    const second = call('answer')
    await until(() => gate.stats().shed === 1)
    held[0]()
    assert.equal(await first, grpc.status.OK)
    assert.equal(await second, grpc.status.OK)
  })

  it('refuses calls with DEADLINE_EXCEEDED whose clients would not wait for the response', async function () {
    needs(this, 'the native addon', backend === 'native')
    const { server, held } = createServer()
    const gate = guard(server, { deadline: true })
    opened(() => gate.close())
    const call = connect(await bind(server))
    // A response takes 200 ms, and while one is in flight, the next is expected to take as long.
    for (let i = 0; i < 2; i++) {
      const first = call('hold')
      await until(() => held.length === i + 1)
      await sleep(200)
      if (i === 1) assert.equal(await call('hold', { deadline: Date.now() + 100 }), grpc.status.DEADLINE_EXCEEDED)
      held[i]()
      assert.equal(await first, grpc.status.OK)
    }
    assert.equal(gate.stats().shedBy.deadline, 1)
  })

  it('is left as it was when its gate is closed', async () => {
    const { server } = createServer()
    const gate = guard(server, { maxInFlight: 1 })
    gate.close()
    assert.equal(Object.hasOwn(server, 'createHttp2Server'), false)
    assert.equal(await connect(await bind(server))('answer'), grpc.status.OK)
    assert.equal(gate.stats().admitted, 0)
  })
})
