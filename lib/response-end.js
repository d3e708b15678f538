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
  // Injected, it has no connection, and Hapi's never closes.
  if (socket == null) return onFirst([res, 'finish'], [res, 'close'], done)
  if (res.socket !== null) return res.on('close', done) // comes once
  // Pipelined behind another response, it has no socket yet, and Node tells it nothing if the
  // connection ends before its turn.
  if (socket.destroyed) return done()
  onFirst([socket, 'close'], [res, 'close'], done)
}

/**
 * @param {[emitter: any, event: string]} one
 * @param {[emitter: any, event: string]} other
 * @param {() => void} done
 */
function onFirst (one, other, done) {
  const finish = () => {
    for (const [emitter, event] of [one, other]) emitter.removeListener(event, finish)
    done()
  }
  for (const [emitter, event] of [one, other]) emitter.once(event, finish)
}

module.exports = { onResponseEnd }
