'use strict'

/** What closes the resources of a test; run by `afterEach(closeOpened)`. */
const closers = []

/** Registers what closes a resource after the test. @param {() => unknown} close */
function opened (close) {
  closers.push(close)
}

async function closeOpened () {
  for (const close of closers.splice(0).reverse()) await close()
}

module.exports = { opened, closeOpened }
