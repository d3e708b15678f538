// Compiled, never run: checks the emitted types for CommonJS, under every module resolution and without esModuleInterop.
import Fastify = require('fastify')
import Hapi = require('@hapi/hapi')
import toobusy = require('spillway')
import forExpress = require('spillway/express')
import forFastify = require('spillway/fastify')
import forHapi = require('spillway/hapi')
import forKoa = require('spillway/koa')
import readiness = require('spillway/readiness')
import http = require('spillway/http')
import stream = require('spillway/stream')
import { lag, backend } from 'spillway'
import { fastifyUnderPressure, TYPE_RSS_BYTES } from 'spillway/fastify'
import { register } from 'spillway/hapi'
import { guard } from 'spillway/http'
import { forEachConcurrent, skip } from 'spillway/stream'

const busy: boolean = toobusy()
const started: boolean = toobusy.started()
const lagMs: number = lag()
const which: 'native' | 'js' = backend
const middleware = forExpress()
const close: () => void = middleware.close
const ready: boolean = readiness(middleware)()
const closeKoa: () => void = forKoa({ maxDelay: 50 }).close
const completed: Promise<{ completed: number }> = forEachConcurrent([1], (item) => item.toFixed(), { concurrency: 1 })
const isSame: boolean = stream.skip === skip && http.guard === guard && forHapi.register === register
// @ts-expect-error: not a server
http.guard({})
// @ts-expect-error: no such option
forExpress({ maxDelays: 100 })

const fastify = Fastify()
fastify.register(forFastify, { maxEventLoopDelay: 1000 })
fastify.register(fastifyUnderPressure, { maxRssBytes: 1e9 })
fastify.register(import('spillway/fastify'))
fastify.register(import('spillway/fastify'), { maxRssBytes: 1e9 })
const type: 'rssBytes' = TYPE_RSS_BYTES

const hapi = Hapi.server()
const registered: Promise<unknown> = hapi.register({ plugin: forHapi, options: { maxDelay: 50 } })
const registeredAlone: Promise<unknown> = hapi.register(forHapi)

export = { busy, started, lagMs, which, close, ready, closeKoa, completed, isSame, type, registered, registeredAlone }
