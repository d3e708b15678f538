'use strict'

/** Resident set size of the process. */
module.exports = function rss () {
  return { read: () => ({ rssBytes: process.memoryUsage.rss() }) }
}
