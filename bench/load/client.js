'use strict'

const answer = require('../child/answer')
const closedLoop = require('./closed-loop')
const createSender = require('./sender')
const openLoop = require('./open-loop')
const Tally = require('./tally')

const loops = { open: openLoop, closed: closedLoop }

answer(async load => {
  const tally = new Tally(load)
  const sender = createSender(load)
  await loops[load.mode](load, sender.send, tally)
  sender.close()
  return tally.report()
})
