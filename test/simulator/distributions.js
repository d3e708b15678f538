'use strict'

/**
 * Service times. Each is a function of a source of random numbers (random.js) that returns ms, and can take the place of a
 * number in a phase (workloads.js).
 *
 * @typedef {(random: import('./random')) => number} Distribution
 */

/** @param {number} mean ms */
function exponential (mean) {
  return (random) => random.exponential(mean)
}

/**
 * @param {number} mean ms
 * @param {number} sigma standard deviation of the logarithm
 */
function lognormal (mean, sigma) {
  const mu = Math.log(mean) - sigma ** 2 / 2
  return (random) => Math.exp(mu + sigma * random.normal())
}

/**
 * @param {number} mean ms
 * @param {number} shape above 1; the variance is infinite up to 2
 */
function pareto (mean, shape) {
  const least = mean * (shape - 1) / shape
  return (random) => least * (1 - random.uniform()) ** (-1 / shape)
}

/**
 * @param {number} share of the requests that take `long`, 0 to 1
 * @param {number} short ms
 * @param {number} long ms
 */
function bimodal (share, short, long) {
  return (random) => random.uniform() < share ? long : short
}

module.exports = { exponential, lognormal, pareto, bimodal }
