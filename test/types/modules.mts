// Compiled, never run: checks the emitted types for ES modules.
import { createServer } from 'node:http'
import express from 'express'
import Fastify from 'fastify'
import Hapi from '@hapi/hapi'
import Koa from 'koa'
import toobusy, { lag, delay, maxLag, shutdown, backend } from 'spillway'
import forExpress from 'spillway/express'
import forFastify, { fastifyUnderPressure, TYPE_RSS_BYTES, underPressure } from 'spillway/fastify'
import forHapi, { register } from 'spillway/hapi'
import forKoa from 'spillway/koa'
import { guard } from 'spillway/http'
import { concurrentTransform, forEachConcurrent, mapConcurrent } from 'spillway/stream'
import readiness from 'spillway/readiness'

const busy: boolean = toobusy()
const lagMs: number = lag() + delay() + maxLag(100) + toobusy.maxLag()
const which: 'native' | 'js' = backend
toobusy.onLag((ms) => ms.toFixed(), 50)
shutdown()
// @ts-expect-error: a number, not a string
toobusy.maxLag('70')

const middleware = forExpress({
  maxDelay: 100,
  exempt: (req) => req.path === '/health',
  maxInFlight: 500,
  classify: (req) => req.baseUrl || undefined,
  fairBy: (req) => req.ip ?? '',
  weight: (client) => client === '192.0.2.1' ? 2 : 1,
  priority: { critical: '/checkout*', background: ['/export/*'], header: 'x-priority', trust: (req) => req.ip === '192.0.2.1' },
  deadline: (req) => Number(req.get('x-timeout')),
  respond: (req, res, info) => res.redirect(302, `https://other.example/?waited=${info.waitMs}`),
  onShed: (info, req) => console.log(info.reason, info.class, info.inFlight, info.delayLimitMs, req?.originalUrl)
})
express().use('/checkout', forExpress.priority('critical')).use(middleware).get('/', (req) => {
  const aborted: boolean | undefined = req.spillway?.signal.aborted
  return aborted
})
// @ts-expect-error: no such priority
forExpress.priority('urgent')
const { admitted, shedBy } = middleware.stats()
const seen: number = admitted + shedBy.delay + shedBy.inFlight + shedBy.maxInFlight
const { queueing, delayLimitMs, classes: [shared] } = middleware.snapshot()
const [name, limit]: [string, number] = [shared.class, queueing ? shared.limit : delayLimitMs]
const [heaviest] = middleware.snapshot().clients ?? []
const heavy: [string, number] = [heaviest.client, heaviest.share + shedBy.fairShare]
middleware.close()
forExpress({ fairBy: 'address' })
forExpress({ fairBy: { header: 'x-api-key' } })
forExpress({ fairBy: { forwarded: 1, header: 'forwarded' } })
// @ts-expect-error: no such way
forExpress({ fairBy: 'ip' })
// @ts-expect-error: a number
forExpress({ fairBy: { forwarded: '1' } })
// @ts-expect-error: a number
forExpress({ maxInFlight: '10' })
// @ts-expect-error: no such reason
forExpress({ onShed: (info) => info.reason === 'late' })
// @ts-expect-error: no such option
forExpress({ maxDelays: 100 })

const fastify = Fastify()
await fastify.register(forFastify, { maxDelay: false, exempt: ['/health'], respond: (request, reply) => reply.code(429).send() })
const pressed = Fastify()
await pressed.register(forFastify, {
  maxEventLoopDelay: 1000,
  healthCheck: async (instance) => instance.version !== '',
  exposeStatusRoute: { url: '/alive', routeResponseSchemaOpts: { pid: { type: 'number' } } },
  customError: class extends Error {},
  pressureHandler: (request, reply, type, value) => { reply.code(503).send({ type, value }) }
})
pressed.get('/own', { config: { pressureHandler: (request, reply, type) => { if (type === forFastify.TYPE_RSS_BYTES) reply.send('later') } } }, async () => 'ok')
await Fastify().register(import('spillway/fastify'))
await Fastify().register(import('spillway/fastify'), { maxRssBytes: 1e9 })
await Fastify().register(fastifyUnderPressure, { maxRssBytes: 1e9 })
await Fastify().register(underPressure, { maxRssBytes: 1e9 })
const type: 'rssBytes' = TYPE_RSS_BYTES
const usage: { heapUsed: number, rssBytes: number, eventLoopDelay: number, eventLoopUtilized: number } = pressed.memoryUsage()
const isPressed: boolean = pressed.isUnderPressure() && usage.rssBytes !== 0
const inFlight: number = fastify.spillway.stats().inFlight

const hapi = Hapi.server()
await hapi.register({ plugin: forHapi, options: { retryAfter: 'auto', respond: (request, h) => h.response('later').code(503) } })
await Hapi.server().register(forHapi)
const isSame: boolean = register === forHapi.register

hapi.route({ method: 'GET', path: '/docs', handler: () => 'ok', options: { plugins: { spillway: false } } })
hapi.route({ method: 'GET', path: '/tight', handler: () => 'ok', options: { plugins: { spillway: { maxEventLoopDelay: 20 } } } })
const rss: number | null = hapi.plugins.spillway.load.rss
const closeHapi: () => void = hapi.plugins.spillway.close

new Koa().use(forKoa({ errorMode: true, classify: (ctx) => ctx.method, onShed: (info, ctx) => ctx?.app.emit('shed', info) }))

const gate = guard(createServer(), { dryRun: true, classify: (req) => req.url, message: 'later', retryAfter: 5 })
guard(createServer(), {
  maxHeapUsedRatio: 0.9,
  onExhausted: ({ reason, value, limit, forMs }) => console.error(reason, value / limit, forMs)
})
const rssBytes: number | null = gate.stats().load.rssBytes
const turn: number = gate.snapshot().meanTurnMs

const [ready, readyHapi] = [readiness(middleware, { notReadyAfter: 30 }), readiness(hapi.plugins.spillway)]
const isReady: boolean = ready() && readyHapi()
readyHapi.close()

export { isReady, type, isSame, busy, lagMs, which, seen, name, limit, inFlight, closeHapi, turn, rss, isPressed, rssBytes }
