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

module.exports = { note }
