'use strict'

/** How an admitted request ended, by the numbers that the native admission controller knows. */
const OUTCOME = {
  /** Its response was sent. */
  completed: 0,
  /** Its client left, or its handler destroyed the response. */
  abandoned: 1,
  /** It says nothing about service: an upgrade, an event stream, a handler that never ended. */
  detached: 2
}

module.exports = { OUTCOME }
