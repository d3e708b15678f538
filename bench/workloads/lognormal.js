'use strict'

const burn = require('./burn')
const createDeck = require('./deck')
const Random = require('../../test/simulator/random')
const { lognormal } = require('../../test/simulator/distributions')

const MEAN_MS = 5
const SIGMA = 1.2

const VALUES = 400
const SAMPLES_PER_VALUE = 500
const SEED = 5

/** @returns {number[]} service times in ms: each is the mean of an equal part of the distribution */
function values () {
  const random = new Random(SEED)
  const draw = lognormal(MEAN_MS, SIGMA)
  const samples = Float64Array.from({ length: VALUES * SAMPLES_PER_VALUE }, () => draw(random)).sort()
  const means = Array.from({ length: VALUES }, (_, i) =>
    meanOf(samples.subarray(i * SAMPLES_PER_VALUE, (i + 1) * SAMPLES_PER_VALUE)))
  const scale = MEAN_MS / meanOf(means)
  return means.map(ms => ms * scale)
}

function meanOf (numbers) {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length
}

const service = createDeck(values())

/** A request that blocks the event loop for a lognormal time: 5 ms in the mean, 2.4 ms in the median, up to 0.1 s. */
module.exports = { routes: { '/': async () => burn(service()) }, service, fill: 4, cpu: true }
