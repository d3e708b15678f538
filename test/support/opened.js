'use strict'

/** The functions that close the resources of a test; `afterEach(closeOpened)` calls them. */
const closers = []

/** Registers a function that closes a resource after the test. @param {() => unknown} close */
function opened (close) {
  closers.push(close)
}

async function closeOpened () {
  for (const close of closers.splice(0).reverse()) await close()
}

module.exports = { opened, closeOpened }
