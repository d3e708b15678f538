'use strict'

const rows = require('./scenarios')

/**
 * The part of bench/results that the overload bench writes. A run of some rows replaces only those, and an unreliable outcome
 * does not replace a reliable one.
 *
 * @typedef {object} Section
 * @property {Record<string, Record<string, string>>} runs the conditions of each run, by its date and commit
 * @property {object[]} outcomes what was measured: `name` of the scenario, `run`, and figures as in Outcome
 *
 * @param {Section | undefined} section
 * @param {import('./sweep').Outcome[]} outcomes of a further run
 * @param {Record<string, string>} conditions of that run
 * @returns {Section}
 */
function merge (section = { runs: {}, outcomes: [] }, outcomes, conditions) {
  const run = `${conditions.date}, ${conditions.spillway}`
  const measured = new Map(section.outcomes.map(outcome => [outcome.name, outcome]))
  for (const outcome of outcomes) {
    const { name } = outcome.scenario
    const isWorse = outcome.invalid && measured.has(name) && !measured.get(name).invalid
    if (!isWorse) measured.set(name, { ...figuresOf(outcome), run })
  }
  // Rows that no longer exist are left out.
  const order = rows.choose({ quick: false, only: [] }).map(({ name }) => name)
  const kept = order.map(name => measured.get(name)).filter(Boolean)
  const runs = { ...section.runs, [run]: conditions }
  const used = new Set(kept.map(outcome => outcome.run))
  return { runs: Object.fromEntries(Object.entries(runs).filter(([id]) => used.has(id))), outcomes: kept }
}

function figuresOf ({ scenario, capacity, report, invalid, goodput, served, neighboursServed, neighboursP99, ideal, shed, failures, rho, ceiling, p99OfNone }) {
  const { okMs, refusedMs, uploads, perSecond, timeline } = report
  const phases = timeline && { phases: timeline.phases }
  return {
    name: scenario.name,
    capacity,
    goodput,
    served,
    neighboursServed,
    neighboursP99,
    ideal,
    shed,
    failures,
    rho,
    ceiling,
    p99OfNone,
    invalid,
    report: { okMs, refusedMs, uploads, perSecond, timeline: phases }
  }
}

/**
 * @param {Section | undefined} section
 * @returns {(import('./sweep').Outcome & { run: string })[]} the outcomes with their scenarios, as these are now
 */
function outcomesOf (section) {
  const scenarios = new Map(rows.choose({ quick: false, only: [] }).map(scenario => [scenario.name, scenario]))
  return (section?.outcomes ?? []).filter(({ name }) => scenarios.has(name))
    .map(({ name, ...figures }) => ({ ...figures, scenario: scenarios.get(name) }))
}

/**
 * @param {Section | undefined} section
 * @param {Record<string, string>} conditions of the next run
 * @returns {Set<string>} names of the rows that have a reliable outcome of the same commit
 */
function namesDone (section, { spillway }) {
  const done = (section?.outcomes ?? []).filter(({ invalid, run }) => !invalid && section.runs[run].spillway === spillway)
  return new Set(done.map(({ name }) => name))
}

module.exports = { merge, namesDone, outcomesOf }
