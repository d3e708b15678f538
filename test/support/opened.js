'use strict'

/** What a test has opened and need not close itself: `afterEach(closeOpened)`. */
const closers = []

/** @param {() => unknown} close */
function opened (close) {
  closers.push(close)
}

async function closeOpened () {
  for (const close of closers.splice(0).reverse()) await close()
}

module.exports = { opened, closeOpened }
