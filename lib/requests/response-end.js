'use strict'

/**
 * The end of an admitted request. Its gates are told once, whatever happens: its response was sent; or its
 * client has left, and its handler is through or has had time enough. A handler that works for nobody works all
 * the same, so until then the request keeps its place.
 */

const { isEventStream } = require('./event-stream.js')
const { OUTCOME } = require('../admission/controller.js')

/** RFC 9113, section 7. */
const NO_ERROR = 0

/**
 * Sees to it that a gate is told when a request that it has admitted is over.
 *
 * @param {import('./tracked-request.js').TrackedRequest} tracked
 * @param {import('../gate/in-flight.js').InFlightEntry} entry the first of the tracked's
 * @param {any} res Node's response
 */
function follow (tracked, entry, res) {
  tracked.entry = entry
  if (tracked.finished || res.writableFinished === true) return entry.gate.leave(entry, OUTCOME.abandoned)
  if (tracked.res !== null) return
  tracked.res = res
  const { connection } = tracked
  if (tracked.abandoned) awaitHandler(tracked)
  else if (connection === null) onResponseEnd(res, (isSent) => isSent ? onSent(tracked, res) : onClientLeft(tracked))
  else if (connection.closed) onClientLeft(tracked)
  else connection.inFlight.push(tracked)
}

/**
 * The response has gone out.
 *
 * @param {import('./tracked-request.js').TrackedRequest} tracked
 * @param {any} res
 */
function onSent (tracked, res) {
  tracked.connection?.remove(tracked)
  // The framework has answered a client that is gone or that sent nonsense. The handler may still be at work.
  if (tracked.abandoned && isAnsweredFor(entriesOf(tracked))) return
  end(tracked, OUTCOME.completed, res.statusCode)
}

/**
 * Its handler has destroyed the response, and with it the connection.
 *
 * @param {import('./tracked-request.js').TrackedRequest} tracked
 */
function onDestroyed (tracked) {
  end(tracked, OUTCOME.abandoned)
}

/** @param {import('./tracked-request.js').TrackedRequest} tracked */
function onClientLeft (tracked) {
  if (tracked.finished || tracked.abandoned) return
  tracked.abandoned = true
  if (tracked.entry !== null) awaitHandler(tracked)
}

/** @param {import('./tracked-request.js').TrackedRequest} tracked whose client has left */
function awaitHandler (tracked) {
  const { res, handled } = tracked
  const entries = entriesOf(tracked)
  const isToldOfEnd = !isAnsweredFor(entries)
  if (isEventStream(res) || isPipedInto(res) || (isToldOfEnd && res.writableEnded)) return end(tracked, OUTCOME.abandoned)
  const patienceMs = Math.max(...entries.map((entry) => entry.gate.patienceMs(entry)))
  // When that is over, it says nothing of how long a handler takes.
  const timer = setTimeout(end, patienceMs, tracked, OUTCOME.detached).unref()
  const done = () => {
    clearTimeout(timer)
    end(tracked, OUTCOME.abandoned)
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
 * @param {import('./tracked-request.js').TrackedRequest} tracked
 * @param {PromiseLike<unknown>} handled
 */
function whenHandled (tracked, handled) {
  tracked.handled = handled
  if (!tracked.abandoned) return
  const done = () => end(tracked, OUTCOME.abandoned)
  handled.then(done, done)
}

/**
 * @param {import('./tracked-request.js').TrackedRequest} tracked
 * @param {number} outcome
 * @param {number} [status] of a response that was sent
 */
function end (tracked, outcome, status) {
  if (tracked.finished) return
  tracked.finished = true
  // It has lasted as long as its client liked, which says nothing of service.
  if (tracked.res !== null && isEventStream(tracked.res)) outcome = OUTCOME.detached
  for (let { entry } = tracked; entry !== null; entry = entry.next) entry.gate.leave(entry, outcome, status)
}

/**
 * Whether the framework may answer in the place of the handler.
 *
 * @param {import('../gate/in-flight.js').InFlightEntry[]} entries
 */
function isAnsweredFor (entries) {
  return entries.some(({ gate }) => gate.answersForHandler)
}

/** @param {import('./tracked-request.js').TrackedRequest} tracked */
function entriesOf (tracked) {
  const entries = []
  for (let { entry } = tracked; entry !== null; entry = entry.next) entries.push(entry)
  return entries
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
