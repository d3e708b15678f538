'use strict'

/** How an admitted request ended. The native admission controller uses the same numbers. */
const OUTCOME = {
  /** Its response was sent. */
  completed: 0,
  /** Its client left, or its handler destroyed the response. */
  abandoned: 1,
  /** It says nothing about service time: an upgrade, an event stream, or a handler that did not finish in time. */
  detached: 2
}

module.exports = { OUTCOME }
