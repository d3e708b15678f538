'use strict'

const Agenda = require('./agenda')
const Random = require('./random')
const Server = require('./server')
const startTraffic = require('./traffic')
const { ms } = require('./units')

/** What a turn, an accept, a refusal and a framework's share of a request cost on the machine of DESIGN section 1, in ms. */
const EXPRESS = { turn: 0.015, accept: 0.04, refuse: 0.06, begin: 0.3 }

/**
 * Runs a scenario on a virtual clock and returns the records of its requests.
 *
 * `laws`: one per server, or one function making them. `pauses`: `{ everyMs, lastMs }`. `script(agenda)`: anything else.
 */
function simulate ({ law, sources, durationMs, seed = 1, costs = EXPRESS, tickMs = 4, pauses, script }) {
  const agenda = new Agenda()
  const random = new Random(seed)
  const records = []
  const server = new Server({ agenda, law, costs, tickMs })
  for (const source of sources) startTraffic({ agenda, random, servers: [server], source, records, untilMs: durationMs })
  if (pauses) {
    for (let time = pauses.everyMs; time < durationMs; time += pauses.everyMs) {
      agenda.at(ms(time), () => server.pause(ms(pauses.lastMs)))
    }
  }
  if (script) script(agenda, server)
  server.run(ms(durationMs))
  return records
}

module.exports = { simulate, EXPRESS }
