'use strict'

/**
 * Notifies the gates that admitted a request, once, when it has ended. A request has ended when its response was sent, or
 * when its client has left and its handler has finished or run out of time. Until then it stays in flight, because a
 * handler continues to work after its client has left.
 *
 * @typedef {import('./tracked-request.js').Entry} Entry
 * @typedef {import('./tracked-request.js').TrackedRequest} TrackedRequest
 */

const { isEventStream } = require('./event-stream.js')
const { OUTCOME } = require('./outcome.js')

/** RFC 9113, section 7. */
const NO_ERROR = 0

/**
 * @param {TrackedRequest} trackedRequest
 * @param {Entry} entry the newest entry of the request
 * @param {any} res Node's response
 */
function follow (trackedRequest, entry, res) {
  trackedRequest.entry = entry
  if (trackedRequest.finished || (!trackedRequest.isAnnounced && res.writableFinished === true)) return entry.end(OUTCOME.abandoned)
  if (trackedRequest.res !== null) return
  trackedRequest.res = res
  const { connection } = trackedRequest
  if (trackedRequest.abandoned) awaitHandler(trackedRequest)
  else if (connection === null) onResponseEnd(res, (isSent) => isSent ? onSent(trackedRequest) : onClientLeft(trackedRequest))
  else if (connection.closed) onClientLeft(trackedRequest)
}

/**
 * Must be called when the response was sent.
 *
 * @param {TrackedRequest} trackedRequest
 */
function onSent (trackedRequest) {
  trackedRequest.connection?.remove(trackedRequest)
  // The framework ended the response because the client left or sent bytes that cannot be parsed. The handler may still
  // run.
  if (trackedRequest.abandoned && isAnsweredForHandler(entriesOf(trackedRequest))) return
  end(trackedRequest, OUTCOME.completed)
}

/**
 * Must be called when the handler has destroyed the response, and with it the connection.
 *
 * @param {TrackedRequest} trackedRequest
 */
function onDestroyed (trackedRequest) {
  end(trackedRequest, OUTCOME.abandoned)
}

/** @param {TrackedRequest} trackedRequest */
function onClientLeft (trackedRequest) {
  if (trackedRequest.finished || trackedRequest.abandoned) return
  trackedRequest.abandoned = true
  trackedRequest.view?.onClientLeft()
  if (trackedRequest.entry !== null) awaitHandler(trackedRequest)
}

/** @param {TrackedRequest} trackedRequest whose client has left */
function awaitHandler (trackedRequest) {
  const { res, handled } = trackedRequest
  const entries = entriesOf(trackedRequest)
  const handlerEndsResponse = !isAnsweredForHandler(entries)
  if (isEventStream(res) || isPipedInto(res) || (handlerEndsResponse && res.writableEnded)) return end(trackedRequest, OUTCOME.abandoned)
  const patienceMs = Math.max(...entries.map((entry) => entry.patienceMs()))
  // A request that runs out of time says nothing about how long a handler takes.
  const timer = setTimeout(end, patienceMs, trackedRequest, OUTCOME.detached).unref()
  const done = () => {
    clearTimeout(timer)
    end(trackedRequest, OUTCOME.abandoned)
  }
  if (handlerEndsResponse) {
    onCalled(res, 'end', done)
    // In the next tick, because Node.js 26 itself destroys the responses to later pipelined requests.
    process.nextTick(onCalled, res, 'destroy', done)
  }
  handled?.then(done, done)
}

/**
 * For frameworks that report when a handler has finished, whether or not it has ended the response.
 *
 * @param {TrackedRequest} trackedRequest
 * @param {PromiseLike<unknown>} handled
 */
function whenHandled (trackedRequest, handled) {
  trackedRequest.handled = handled
  if (!trackedRequest.abandoned) return
  const done = () => end(trackedRequest, OUTCOME.abandoned)
  handled.then(done, done)
}

/**
 * @param {TrackedRequest} trackedRequest
 * @param {number} outcome
 */
function end (trackedRequest, outcome) {
  if (trackedRequest.finished) return
  trackedRequest.finished = true
  trackedRequest.view?.onEnd()
  // The duration of an event stream depends on its client, and says nothing about service time.
  if (trackedRequest.res !== null && isEventStream(trackedRequest.res)) outcome = OUTCOME.detached
  for (let { entry } = trackedRequest; entry !== null; entry = entry.next) entry.end(outcome)
}

/**
 * Whether the framework may end the response in place of the handler.
 *
 * @param {Entry[]} entries
 */
function isAnsweredForHandler (entries) {
  return entries.some(({ answersForHandler }) => answersForHandler)
}

/** @param {TrackedRequest} trackedRequest */
function entriesOf (trackedRequest) {
  const entries = []
  for (let { entry } = trackedRequest; entry !== null; entry = entry.next) entries.push(entry)
  return entries
}

/**
 * Whether a stream is piped into the response. Such a stream stops when the client leaves.
 *
 * @param {any} res
 */
function isPipedInto (res) {
  return res.listenerCount('unpipe') > 0
}

/**
 * Calls `done` when the handler calls a method of the response.
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
 * Calls `done` once, when the response was sent or the client has left; at once if that has happened already.
 *
 * @param {any} res an Http2ServerResponse, an Http2Stream, or the stand-in that an injected request gets
 * @param {(isSent: boolean) => void} done
 */
function onResponseEnd (res, done) {
  if (res.closed === true || res.destroyed === true || res.stream?.destroyed === true) return done(isSent(res))
  // Hapi's injected response emits 'finish' and never 'close'; an aborted one emits 'close' and never 'finish'.
  // An HTTP/2 stream that is closed without an error emits 'finish' too, whether or not it was answered.
  const onFinish = () => finish(!isHttp2(res) || isSent(res))
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

/** @param {any} res that has ended */
function isSent (res) {
  return !wasReset(res) && (isHttp2(res) ? res.writableEnded : res.writableFinished)
}

/**
 * An HTTP/2 stream that the client has reset emits the same events as one that was answered.
 *
 * @param {any} res
 */
function wasReset (res) {
  const { rstCode } = res.stream ?? res
  return rstCode !== undefined && rstCode !== NO_ERROR
}

/** @param {any} res */
function isHttp2 (res) {
  return res.stream !== undefined || res.rstCode !== undefined
}

module.exports = { follow, onClientLeft, onDestroyed, onSent, whenHandled }
