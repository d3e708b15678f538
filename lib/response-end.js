'use strict'

/**
 * Calls `done` once, when a response is over: sent, aborted, timed out or failed. At once if it is
 * over already.
 *
 * @param {any} res an http.ServerResponse or Http2ServerResponse
 * @param {() => void} done
 */
function onResponseEnd (res, done) {
  if (res.closed === true || res.destroyed === true || res.stream?.destroyed === true) return done()
  const { socket } = res.req ?? res
  if (res.socket !== null || socket == null) {
    res.once('close', done)
    return
  }
  // Pipelined behind another response, it has no socket yet, and Node tells it nothing if the
  // connection ends before its turn.
  const finish = () => {
    res.removeListener('close', finish)
    socket.removeListener('close', finish)
    done()
  }
  res.once('close', finish)
  socket.once('close', finish)
}

module.exports = { onResponseEnd }
