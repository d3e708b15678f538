'use strict'

/**
 * Makes clients try again after a failure, a time-out or a refusal. All of it counts as one request, from its first start.
 *
 * @typedef {object} Retries
 * @property {number} attempts at most, with the first
 * @property {[least: number, most: number]} pauseMs between two attempts; uniform
 *
 * @param {(settle: (outcome: string) => void) => void} send one attempt
 * @param {Retries | undefined} retries
 * @returns {typeof send}
 */
function withRetries (send, retries) {
  if (retries === undefined) return send
  const { attempts, pauseMs: [least, most] } = retries
  return settle => {
    let left = attempts

    function attempt () {
      left--
      send(outcome => {
        if (outcome === '200' || left === 0) settle(outcome)
        else setTimeout(attempt, least + (most - least) * Math.random())
      })
    }

    attempt()
  }
}

module.exports = withRetries
