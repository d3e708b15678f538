'use strict'

const { whole } = require('../format')

const MS_PER_TICK = 1

/** The targets that a row may have: the text of each, and whether an outcome meets it. */
const targets = {
  goodput: {
    text: least => `goodput >= ${least}`,
    met: (least, { goodput }) => goodput >= least
  },
  p99: {
    text: mostMs => `p99 <= ${mostMs} ms`,
    met: (mostMs, { report }) => report.okMs.p99 !== null && report.okMs.p99 <= mostMs
  },
  refusedP99: {
    text: mostMs => `p99 of the 503s <= ${mostMs} ms`,
    met: (mostMs, { report }) => report.refusedMs.p99 !== null && report.refusedMs.p99 <= mostMs
  },
  shed: {
    text: most => `shed <= ${most * 100} %`,
    met: (most, { shed }) => shed <= most
  },
  failures: {
    text: most => `failures < ${most * 100} %`,
    met: (most, { failures }) => failures < most
  },
  // The client starts requests at ticks of 1 ms, which limits the precision of low latencies.
  p99OfNone: {
    text: (most, { p99OfNone }) => `p99 <= ${most} x ${p99OfNone?.toFixed(1) ?? '?'} ms (unprotected)`,
    met: (most, { report, p99OfNone }) => report.okMs.p99 <= most * p99OfNone + MS_PER_TICK
  },
  recoveredMs: {
    text: (mostMs, { report }) => `p99 back within ${mostMs} ms (${eachStep(report).map(shown('recoveredMs'))})`,
    met: (mostMs, { report }) => eachStep(report).every(({ recoveredMs }) => recoveredMs !== null && recoveredMs <= mostMs)
  },
  lastRefusedMs: {
    text: (mostMs, { report }) => `last 503 within ${mostMs} ms (${[eachStep(report).at(-1)].map(shown('lastRefusedMs'))})`,
    met: (mostMs, { report }) => eachStep(report).at(-1).lastRefusedMs <= mostMs
  },
  belowIdeal: {
    text: (most, { ideal }) => `served >= ${(ideal - most).toFixed(3)} (ideal - ${most})`,
    met: (most, { served, ideal }) => served >= ideal - most
  },
  ofIdeal: {
    text: (least, { ideal, scenario }) => `goodput >= ${(least * idealGoodput(ideal, scenario)).toFixed(3)} (${least} x ideal)`,
    met: (least, { goodput, ideal, scenario }) => goodput >= least * idealGoodput(ideal, scenario)
  },
  rises: {
    text: (most, { goodputBelow }) => `goodput >= ${(goodputBelow - most).toFixed(2)} (at most ${most} less than at a lower load)`,
    met: (most, { goodput, goodputBelow }) => goodput >= goodputBelow - most
  },
  neighboursServed: {
    text: least => `neighbours served >= ${least}`,
    met: (least, { neighboursServed }) => neighboursServed >= least
  },
  neighboursP99: {
    text: (most, { neighboursP99 }) => `neighbours' p99 <= ${most} ms (${whole(neighboursP99)} ms)`,
    met: (most, { neighboursP99 }) => neighboursP99 <= most
  },
  servedLate: {
    text: (most, { report: { perSecond } }) => `served too late < ${percentOf(most)} % (${percentOf(latePart(perSecond))} %)`,
    met: (most, { report: { perSecond } }) => latePart(perSecond) < most
  },
  equalChances: {
    text: (most, { neighboursServed, served }) => `neighbours' chances ${(neighboursServed / served).toFixed(2)} times the client's, within ${most} times`,
    met: (most, { neighboursServed, served }) => neighboursServed * most >= served && neighboursServed <= most * served
  },
  uploadsBroken: {
    text: (most, { report }) => `broken uploads <= ${most} (${JSON.stringify(report.uploads).replace(/[{}"]/g, '')})`,
    met: (most, { report: { uploads } }) => uploads.done > 0 && uploads.failed + uploads.broken <= most
  }
}

/** @returns {number} the goodput of the ideal server, if all that it serves is useful */
function idealGoodput (ideal, { steps: [times] }) {
  return ideal * times
}

/** @returns {number} of the responses 200, the share that came too late to be useful */
function latePart ({ ok, useful }) {
  return ok > 0 ? (ok - useful) / ok : 0
}

/** @param {number} share */
function percentOf (share) {
  return Number((100 * share).toFixed(1))
}

function eachStep ({ timeline }) {
  return timeline.phases.slice(1)
}

function shown (name) {
  return phase => phase[name] === null ? 'never' : Math.round(phase[name])
}

/**
 * @param {Record<string, number>} reach
 * @param {import('./sweep').Outcome} outcome
 * @returns {{ text: string, met: boolean }[]}
 */
function checkTargets (reach, outcome) {
  return Object.entries(reach).map(([name, value]) => ({
    text: targets[name].text(value, outcome),
    met: targets[name].met(value, outcome)
  }))
}

module.exports = checkTargets
