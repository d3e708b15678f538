'use strict'

/**
 * Calls `done` once, when a response is over: sent, aborted, timed out or failed. At once if it is
 * over already.
 *
 * @param {any} res an Http2ServerResponse, or what an injected request is answered on
 * @param {() => void} done
 */
function onResponseEnd (res, done) {
  if (res.closed === true || res.destroyed === true || res.stream?.destroyed === true) return done()
  // Hapi's injected response finishes and never closes; one that is aborted closes and never finishes.
  const finish = () => {
    res.removeListener('finish', finish)
    res.removeListener('close', finish)
    done()
  }
  res.on('finish', finish)
  res.on('close', finish)
}

module.exports = { onResponseEnd }
