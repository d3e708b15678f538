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
        // Reading takes a descriptor, and none is free: the last figure stays.
      }
      return { rssBytes }
    }
  }
}
