'use strict'

/** Formats numbers for readers. */

function rate (perSecond) {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : whole(perSecond)
}

function whole (value) {
  return value === null ? '-' : value.toLocaleString('en', { maximumFractionDigits: 0 })
}

function percent (share) {
  return `${Math.round(share * 100)} %`
}

module.exports = { rate, whole, percent }
