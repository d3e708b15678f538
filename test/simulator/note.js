'use strict'

/** Adds figures to the title of the running test, so that the output reads like a table of results. */
function note (context, values) {
  const text = Object.entries(values).map(([key, value]) => `${key} ${round(value)}`).join(', ')
  context.test.title += `\n          ${text}`
  return values
}

function round (value) {
  return typeof value === 'number' ? Number(value.toFixed(Math.abs(value) < 1 ? 4 : 1)) : value
}

/** Describes a source's `arrivals` (see traffic.js) in a title. */
function describeArrivals (arrivals) {
  if (typeof arrivals === 'number') return `in bursts of ${arrivals}`
  return arrivals === 'clock' ? 'with evenly spaced arrivals' : 'with Poisson arrivals'
}

module.exports = { note, describeArrivals }
