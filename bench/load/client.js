'use strict'

const answer = require('../child/answer')
const closedLoop = require('./closed-loop')
const createHttpSender = require('./sender')
const createHttp2Sender = require('./http2-sender')
const openLoop = require('./open-loop')
const { nameOf, runNeighbours } = require('./neighbours')
const runUploads = require('./uploads')
const Tally = require('./tally')
const withRetries = require('./retries')
const { withPhases } = require('./phases')

const HTTP2 = ['http2', 'grpc']
const loops = { open: openLoop, closed: closedLoop }

answer(async asked => {
  const load = withPhases(asked)
  const tally = new Tally(load)
  const createSender = HTTP2.includes(load.transport) ? createHttp2Sender : createHttpSender
  const sender = createSender({ ...load, name: load.neighbours ? nameOf(load.neighbours.by, 0) : load.name })
  const [uploads, neighbours] = await Promise.all([
    runUploads(load), runNeighbours(load, createSender), loops[load.mode](load, withRetries(sender.send, load.retries), tally)
  ])
  sender.close()
  return { ...tally.report(), uploads, neighbours }
})
