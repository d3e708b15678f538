'use strict'

module.exports = {
  PATTERNS: 100,
  RANDOM_PATHS: 100_000,
  OVERLOAD: 3, // times the capacity
  MISCHIEF_PER_SECOND: 5, // of each kind
  TIMEOUT_MS: 6000,
  SLICE_MS: 60_000,
  LEAST_SLICES: 5,
  // What may differ between the first slice after the warm-up and the last.
  RSS_SHARE: 0.05,
  GOODPUT_SHARE: 0.03
}
