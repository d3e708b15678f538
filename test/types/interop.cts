// Compiled, never run: checks the emitted types for CommonJS with esModuleInterop.
import toobusy from 'spillway'
import forExpress from 'spillway/express'
import forFastify from 'spillway/fastify'
import forHapi from 'spillway/hapi'
import forKoa from 'spillway/koa'
import http from 'spillway/http'
import readiness from 'spillway/readiness'
import stream from 'spillway/stream'

const busy: boolean = toobusy() && toobusy.lag() > 0
const ready: boolean = readiness(forExpress())()
const close: () => void = forKoa().close
const type: 'rssBytes' = forFastify.TYPE_RSS_BYTES

export { busy, ready, close, type, forHapi, http, stream }
