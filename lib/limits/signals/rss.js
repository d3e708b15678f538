'use strict'

/** Resident set size of the process. */
module.exports = function rss () {
  /** @type {number | null} */
  let rssBytes = null
  return {
    read () {
      try {
        rssBytes = process.memoryUsage.rss()
      } catch {
        // Reading needs a free descriptor, and there is none: keep the last figure.
      }
      return { rssBytes }
    }
  }
}
