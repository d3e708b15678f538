'use strict'

module.exports = {
  PATTERNS: 100,
  RANDOM_PATHS: 100_000,
  OVERLOAD: 3, // multiple of the capacity
  BAD_CLIENTS_PER_SECOND: 5, // of each kind
  TIMEOUT_MS: 6000,
  SLICE_MS: 60_000,
  MIN_SLICES: 5,
  // Accepted differences between the first slice after the warm-up and the last.
  RSS_SHARE: 0.05,
  GOODPUT_SHARE: 0.03
}
