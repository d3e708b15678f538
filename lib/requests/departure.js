'use strict'

/**
 * The end of an admitted request. Its gates are told once, whatever happens: its response was sent; or its
 * client has left, and its handler is through or has had time enough. A handler that works for nobody works all
 * the same, so until then the request keeps its place.
 */

const { isEventStream } = require('./event-stream.js')
const { OUTCOME } = require('../admission/law.js')

/** RFC 9113, section 7. */
const NO_ERROR = 0

/**
 * Sees to it that a gate is told when a request that it has admitted is over.
 *
 * @param {import('./arrival.js').Arrival} arrival
 * @param {import('../gate/stays.js').Stay} stay the first of the arrival's
 * @param {any} res Node's response
 */
function follow (arrival, stay, res) {
  arrival.stay = stay
  if (arrival.over || res.writableFinished === true) return stay.gate.leave(stay, OUTCOME.abandoned)
  if (arrival.res !== null) return
  arrival.res = res
  const { connection } = arrival
  if (arrival.abandoned) awaitHandler(arrival)
  else if (connection === null) onResponseEnd(res, (isSent) => isSent ? onSent(arrival, res) : onClientLeft(arrival))
  else if (connection.closed) onClientLeft(arrival)
  else connection.inFlight.push(arrival)
}

/**
 * The response has gone out.
 *
 * @param {import('./arrival.js').Arrival} arrival
 * @param {any} res
 */
function onSent (arrival, res) {
  arrival.connection?.remove(arrival)
  // The framework has answered a client that is gone or that sent nonsense. The handler may still be at work.
  if (arrival.abandoned && isAnsweredFor(staysOf(arrival))) return
  end(arrival, OUTCOME.completed, res.statusCode)
}

/**
 * Its handler has destroyed the response, and with it the connection.
 *
 * @param {import('./arrival.js').Arrival} arrival
 */
function onDestroyed (arrival) {
  end(arrival, OUTCOME.abandoned)
}

/** @param {import('./arrival.js').Arrival} arrival */
function onClientLeft (arrival) {
  if (arrival.over || arrival.abandoned) return
  arrival.abandoned = true
  if (arrival.stay !== null) awaitHandler(arrival)
}

/** @param {import('./arrival.js').Arrival} arrival whose client has left */
function awaitHandler (arrival) {
  const { res, handled } = arrival
  const stays = staysOf(arrival)
  const isToldOfEnd = !isAnsweredFor(stays)
  if (isEventStream(res) || isPipedInto(res) || (isToldOfEnd && res.writableEnded)) return end(arrival, OUTCOME.abandoned)
  const patienceMs = Math.max(...stays.map((stay) => stay.gate.patienceMs(stay)))
  // When that is over, it says nothing of how long a handler takes.
  const timer = setTimeout(end, patienceMs, arrival, OUTCOME.detached).unref()
  const done = () => {
    clearTimeout(timer)
    end(arrival, OUTCOME.abandoned)
  }
  if (isToldOfEnd) {
    onCalled(res, 'end', done)
    // In a tick, as Node 26 itself destroys the responses that have waited for their turn.
    process.nextTick(onCalled, res, 'destroy', done)
  }
  handled?.then(done, done)
}

/**
 * For a framework that tells when the handler is through, whether or not it has ended the response.
 *
 * @param {import('./arrival.js').Arrival} arrival
 * @param {PromiseLike<unknown>} handled
 */
function whenHandled (arrival, handled) {
  arrival.handled = handled
  if (!arrival.abandoned) return
  const done = () => end(arrival, OUTCOME.abandoned)
  handled.then(done, done)
}

/**
 * @param {import('./arrival.js').Arrival} arrival
 * @param {number} outcome
 * @param {number} [status] of a response that was sent
 */
function end (arrival, outcome, status) {
  if (arrival.over) return
  arrival.over = true
  // It has lasted as long as its client liked, which says nothing of service.
  if (arrival.res !== null && isEventStream(arrival.res)) outcome = OUTCOME.detached
  for (let { stay } = arrival; stay !== null; stay = stay.next) stay.gate.leave(stay, outcome, status)
}

/**
 * Whether the framework may answer in the place of the handler.
 *
 * @param {import('../gate/stays.js').Stay[]} stays
 */
function isAnsweredFor (stays) {
  return stays.some(({ gate }) => gate.answersForHandler)
}

/** @param {import('./arrival.js').Arrival} arrival */
function staysOf (arrival) {
  const stays = []
  for (let { stay } = arrival; stay !== null; stay = stay.next) stays.push(stay)
  return stays
}

/**
 * A stream that is piped into a response stops when its client has left.
 *
 * @param {any} res
 */
function isPipedInto (res) {
  return res.listenerCount('unpipe') > 0
}

/**
 * Calls `done` when the handler calls a method of its response to a client that has left.
 *
 * @param {any} res
 * @param {'end' | 'destroy'} name
 * @param {() => void} done
 */
function onCalled (res, name, done) {
  const method = res[name]
  /** @this {any} @param {...any} args */
  res[name] = function (...args) {
    done()
    return Reflect.apply(method, this, args)
  }
}

/**
 * Calls `done` once, when a response was sent, or its client has left: at once if that is so already.
 *
 * @param {any} res an Http2ServerResponse, or what an injected request is answered on
 * @param {(isSent: boolean) => void} done
 */
function onResponseEnd (res, done) {
  if (res.closed === true || res.destroyed === true || res.stream?.destroyed === true) return done(isSent(res))
  // Hapi's injected response finishes and never closes; one that is aborted closes and never finishes.
  // A stream of HTTP/2 that is closed without an error finishes, too, whether or not it was answered.
  const onFinish = () => finish(res.stream === undefined || isSent(res))
  const onClose = () => finish(isSent(res))
  /** @param {boolean} sent */
  const finish = (sent) => {
    res.removeListener('finish', onFinish)
    res.removeListener('close', onClose)
    done(sent)
  }
  res.on('finish', onFinish)
  res.on('close', onClose)
}

/** @param {any} res one that is over */
function isSent (res) {
  return !wasReset(res) && (res.stream === undefined ? res.writableFinished : res.writableEnded)
}

/**
 * A stream of HTTP/2 that the client has reset finishes like one that was answered.
 *
 * @param {any} res
 */
function wasReset ({ stream }) {
  return stream?.rstCode !== undefined && stream.rstCode !== NO_ERROR
}

module.exports = { follow, onClientLeft, onDestroyed, onSent, whenHandled }
