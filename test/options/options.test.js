'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const https = require('node:https')
const http2 = require('node:http2')
const net = require('node:net')
const express = require('express')
const fastify = require('fastify')
const hapi = require('@hapi/hapi')
const Koa = require('koa')
const { EventEmitter } = require('node:events')
const { guard } = require('../../lib/adapters/http.js')
const { kinds } = require('../support/servers.js')

const WRONG_TYPE = [
  ['maxDelay', '100', '"100"'],
  ['maxDelay', true, 'true'],
  ['maxDelay', NaN, 'NaN'],
  ['maxDelay', null, 'null'],
  ['maxDelay', 100n, '100n'],
  ['exempt', 1, '1'],
  ['exempt', {}, 'an object'],
  ['exempt', ['/a', 2], "[ '/a', 2 ]"],
  ['exempt', [1n], '[ 1n ]'],
  ['maxInFlight', '10', '"10"'],
  ['maxInFlight', NaN, 'NaN'],
  ['maxInFlight', false, 'false'],
  ['maxInFlight', null, 'null'],
  ['classify', '/a', '"/a"'],
  ['classify', null, 'null'],
  ['retryAfter', 'later', '"later"'],
  ['retryAfter', null, 'null'],
  ['message', 503, '503'],
  ['message', Buffer.from('x'), 'an instance of Buffer'],
  ['onShed', 'log', '"log"'],
  ['onShed', null, 'null'],
  ['maxEventLoopDelay', '70', '"70"'],
  ['maxHeapUsedBytes', null, 'null'],
  ['maxFdRatio', false, 'false'],
  ['healthCheck', true, 'true'],
  ['sampleInterval', NaN, 'NaN'],
  ['eventLoopUtilizationMode', 1, '1'],
  ['onExhausted', 'exit', '"exit"'],
  ['dryRun', 1, '1'],
  ['dryRun', 'true', '"true"'],
  ['spill', 'on', '"on"'],
  ['spill', null, 'null']
]

const OUT_OF_RANGE = [
  ['maxDelay', 19.9, '19.9'],
  ['maxDelay', 0, '0'],
  ['maxDelay', -1, '-1'],
  ['maxDelay', 60_001, '60001'],
  ['maxDelay', Infinity, 'Infinity'],
  ['exempt', 'health', '"health"'],
  ['exempt', '', '""'],
  ['exempt', '/a*b', '"/a*b"'],
  ['exempt', ['/a', 'b'], "[ '/a', 'b' ]"],
  ['maxInFlight', 0, '0'],
  ['maxInFlight', -1, '-1'],
  ['maxInFlight', 1.5, '1.5'],
  ['maxInFlight', Infinity, 'Infinity'],
  ['maxInFlight', 2 ** 32, '4294967296'],
  ['maxEventLoopDelay', -1, '-1'],
  ['maxRssBytes', Infinity, 'Infinity'],
  ['maxEventLoopUtilization', 1.01, '1.01'],
  ['maxHeapUsedRatio', 85, '85'],
  ['healthCheckInterval', 0, '0'],
  ['sampleInterval', 9, '9'],
  ['sampleInterval', 2 ** 31, '2147483648'],
  ['eventLoopUtilizationMode', 'sometimes', '"sometimes"'],
  ['exhaustedAfter', 0, '0'],
  ['retryAfter', -1, '-1'],
  ['retryAfter', 0.5, '0.5'],
  ['retryAfter', 86_401, '86401']
]

const AT_THE_EDGE = [
  ['maxDelay', 20], ['maxDelay', 60_000], ['maxDelay', false],
  ['exempt', '/'], ['exempt', '/*'], ['exempt', []], ['exempt', () => true],
  ['maxInFlight', 1], ['maxInFlight', 2 ** 32 - 1], ['maxInFlight', undefined], ['classify', () => 'a'], ['classify', undefined],
  ['retryAfter', 0], ['retryAfter', 86_400], ['retryAfter', 'auto'],
  ['message', ''], ['dryRun', false], ['onShed', undefined], ['spill', true], ['spill', false]
]

const TAKES = {
  maxDelay: 'a number of ms from 20 to 60000, or false',
  exempt: 'a path, an array of paths',
  maxInFlight: 'a whole number from 1 to 4294967295',
  classify: 'a function',
  retryAfter: "a whole number of seconds from 0 to 86400, or 'auto'",
  message: 'a string',
  onShed: 'a function',
  maxEventLoopDelay: 'a number of ms from 0 up; 0: no limit',
  maxEventLoopUtilization: 'a number from 0 to 1; 0: no limit',
  maxHeapUsedBytes: 'a number of bytes from 0 up; 0: no limit',
  maxHeapUsedRatio: 'a number from 0 to 1; 0: no limit',
  maxRssBytes: 'a number of bytes from 0 up; 0: no limit',
  maxFdRatio: 'a number from 0 to 1; 0: no limit',
  healthCheck: 'a function',
  healthCheckInterval: 'a number of ms from 1 to 2147483647',
  sampleInterval: 'a number of ms from 10 to 2147483647',
  eventLoopUtilizationMode: "'interval' or 'cumulative'",
  onExhausted: 'a function',
  exhaustedAfter: 'a number of ms from 10 to 2147483647',
  dryRun: 'true or false',
  spill: 'true or false',
  respond: 'a function',
  errorMode: 'true or false'
}

for (const { name: kind, entry, install } of kinds) {
  describe(`Options of ${entry} (${kind})`, () => {
    const ofItsOwn = entry === 'spillway/express' || entry === 'spillway/koa' ? [['errorMode', 'yes', '"yes"']] : []

    for (const [name, value, shown] of [...WRONG_TYPE, ['respond', '/busy', '"/busy"'], ...ofItsOwn]) {
      it(`rejects ${name}: ${shown} with a TypeError that shows the value and what the option takes`, async () => {
        await assert.rejects(install({ [name]: value }), complaint(TypeError, entry, name, shown))
      })
    }

    for (const [name, value, shown] of OUT_OF_RANGE) {
      it(`rejects ${name}: ${shown} with a RangeError that shows the value and what the option takes`, async () => {
        await assert.rejects(install({ [name]: value }), complaint(RangeError, entry, name, shown))
      })
    }

    for (const [name, value] of AT_THE_EDGE) {
      it(`accepts ${name}: ${typeof value === 'function' ? 'a function' : JSON.stringify(value)}`, async () => {
        await install({ [name]: value })
      })
    }

    for (const [given, meant] of [
      ['maxDelya', 'maxDelay'], ['maxdelay', 'maxDelay'], ['observe', 'dryRun'], ['maxLag', 'maxDelay'], ['Respond', 'respond'],
      ...(ofItsOwn.length > 0 ? [['errorPropagationMode', 'errorMode']] : [])
    ]) {
      it(`rejects the unknown option ${given} and suggests ${meant}`, async () => {
        await assert.rejects(install({ [given]: true }), {
          name: 'TypeError',
          code: 'SPILLWAY_UNKNOWN_OPTION',
          message: `${entry}: unknown option "${given}". Did you mean "${meant}"?`
        })
      })
    }

    it('rejects an unknown option that resembles no other, and says which page lists the options', async () => {
      await assert.rejects(install({ foo: 70 }), {
        name: 'TypeError',
        code: 'SPILLWAY_UNKNOWN_OPTION',
        message: `${entry}: unknown option "foo"; docs/options.md lists the options`
      })
    })

    it('rejects names that every object has, such as "constructor"', async () => {
      await assert.rejects(install({ constructor: 1 }), /unknown option "constructor"/)
      await assert.rejects(install(JSON.parse('{"__proto__":1}')), /unknown option "__proto__"/)
    })

    it('rejects options that are not an object', async () => {
      for (const options of [70, 'fast', true, () => {}, [], [{}]]) {
        // Fastify calls a function for the options, and rejects other values itself.
        if (kind === 'fastify' && typeof options === 'function') continue
        await assert.rejects(install(options), Error, String(options))
      }
    })

    if (entry === 'spillway/express' || entry === 'spillway/koa' || entry === 'spillway/http') {
      it('gives the error for options that are not an object the code SPILLWAY_INVALID_ARGUMENT', async () => {
        await assert.rejects(install(70), {
          name: 'TypeError', code: 'SPILLWAY_INVALID_ARGUMENT', message: `${entry}: options must be an object, got 70`
        })
      })
    }

    it('takes the default of every option that is absent', async () => {
      await install()
      await install({})
    })
  })
}

describe('guard()', () => {
  const passTheServer = '. Pass the server that app.listen() returns'
  for (const [kind, value, shown] of [
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object', {}, 'an object'],
    ['a string', 'server', '"server"'],
    ['a TCP server', net.createServer(), 'an instance of Server'],
    ['an EventEmitter', new EventEmitter(), 'an instance of EventEmitter'],
    ['the class Server', http.Server, 'a function'],
    ['an Express app', express(), `a function${passTheServer}`],
    ['an Express 4 app', require('express4')(), `a function${passTheServer}`],
    ['a Koa app', new Koa(), `an instance of Application${passTheServer}`],
    ['a Koa 2 app', new (require('koa2'))(), `an instance of Application${passTheServer}`],
    ['a Fastify instance', fastify(), 'an object. Pass fastify.server'],
    ['an object that has a server', { server: http.createServer() }, 'an object. Pass its property "server"'],
    ['a Hapi server', hapi.server(), 'an object. Pass server.listener']
  ]) {
    it(`rejects ${kind}${shown.includes('Pass') ? ', and says which server to pass instead' : ''}`, () => {
      assert.throws(() => guard(value, {}), {
        name: 'TypeError',
        code: 'SPILLWAY_INVALID_ARGUMENT',
        message: `spillway/http: guard() takes an http, https or http2 server, or one of @grpc/grpc-js, got ${shown}`
      })
    })
  }

  it('rejects a server that is already guarded', () => {
    const server = http.createServer()
    const gate = guard(server)
    assert.throws(() => guard(server), { name: 'Error', code: 'SPILLWAY_ALREADY_GUARDED' })
    gate.close()
  })

  it('accepts each kind of server that Node.js has', () => {
    for (const { createServer } of [http, https, http2]) guard(createServer()).close()
    guard(http2.createSecureServer()).close()
  })
})

function complaint (Type, entry, name, shown) {
  return (error) => {
    assert.ok(error instanceof Type, `${error.name}: ${error.message}`)
    assert.equal(error.code, 'SPILLWAY_INVALID_OPTION')
    assert.ok(error.message.startsWith(`${entry}: option "${name}" takes ${TAKES[name]}`), error.message)
    assert.ok(error.message.includes(`, got ${shown}`), error.message)
    return true
  }
}
