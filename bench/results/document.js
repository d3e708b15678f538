'use strict'

const judge = require('../overload/judge')
const { outcomesOf } = require('../overload/section')
const { renderPart } = require('./part')
const { renderRecord } = require('../overload/record')
const { renderSummary } = require('./summary')

/**
 * @param {Record<string, object>} sections that were measured, see store.js
 * @returns {string} bench/RESULTS.md
 */
function renderDocument (sections) {
  const { overload, ...others } = sections
  const outcomes = judge(outcomesOf(overload))
  const parts = [
    renderSummary(sections, outcomes),
    overload && renderRecord(outcomes, overload.runs),
    ...Object.values(others).map(renderPart)
  ]
  return `${parts.filter(Boolean).map(part => part.trim()).join('\n\n')}\n`
}

module.exports = renderDocument
