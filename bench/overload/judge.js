'use strict'

const checkTargets = require('./targets')

/**
 * Compares outcomes with their targets, and with each other.
 *
 * @typedef {import('./sweep').Outcome & { goodputBelow: number, checks: { text: string, met: boolean }[] }} Judged
 *   `goodputBelow`: the highest goodput of the same server at a lower load; 0 if there is none
 *
 * @param {import('./sweep').Outcome[]} outcomes
 * @returns {Judged[]}
 */
function judge (outcomes) {
  return outcomes.map(outcome => {
    const below = outcomes.filter(other => isBelow(other.scenario, outcome.scenario)).map(({ goodput }) => goodput)
    const compared = { ...outcome, goodputBelow: Math.max(0, ...below) }
    return { ...compared, checks: checkTargets(outcome.scenario.reach, compared) }
  })
}

function isBelow (lower, scenario) {
  return seriesOf(lower) === seriesOf(scenario) && lower.steps.length === 1 && lower.steps[0] < scenario.steps[0]
}

/** @returns {string} equal for scenarios that differ only in the load */
function seriesOf ({ workload, framework, protection, connections, per, arrivals, event }) {
  return [workload, framework, protection, connections, per, arrivals, event].join('/')
}

module.exports = judge
