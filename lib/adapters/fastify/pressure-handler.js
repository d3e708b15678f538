'use strict'

/**
 * @typedef {import('./types.js').PressureHandler} PressureHandler
 * @typedef {import('../../gate/provisional-refusal.js').ProvisionalRefusal} ProvisionalRefusal
 * @typedef {import('../../gate/options.js').ShedInfo} ShedInfo
 * @typedef {import('fastify').FastifyRequest} FastifyRequest
 * @typedef {import('fastify').FastifyReply} FastifyReply
 */

/**
 * Lets the user's handler decide on a request that a limit refuses. The handler confirms the refusal by sending a reply,
 * with `reply.send()` or its return value. Otherwise it overrules the limit.
 *
 * @param {PressureHandler} handler
 * @param {ProvisionalRefusal} refusal
 * @param {FastifyRequest} request
 * @param {FastifyReply} reply
 * @param {(decision: ShedInfo | null) => void} conclude called with the new decision if the limit was overruled
 * @param {(error: Error) => void} fail
 */
function askPressureHandler (handler, refusal, request, reply, conclude, fail) {
  const { exceeded } = refusal
  const isSending = sendWatch(reply)
  const settle = () => isSending() ? refusal.confirm() : conclude(refusal.overrule())
  /** @param {any} error */
  const failWith = (error) => {
    refusal.confirm()
    fail(error ?? new Error('the pressureHandler failed without an error'))
  }
  /** @type {any} */
  let result
  try {
    result = handler(request, reply, exceeded.reason, exceeded.value)
  } catch (error) {
    return failWith(error)
  }
  if (typeof result?.then === 'function') return result.then(settle, failWith)
  if (result != null && !isSending()) reply.send(result)
  settle()
}

/**
 * `reply.sent` becomes true only when the reply's hooks have finished. Without this function, the route's handler could
 * send a second reply in the meantime.
 *
 * @param {FastifyReply} reply
 * @returns {() => boolean} whether the reply is sent or being sent
 */
function sendWatch (reply) {
  const { send } = reply
  let isBeingSent = false
  reply.send = /** @type {typeof send} */ function (payload) {
    isBeingSent = true
    return send.call(reply, payload)
  }
  return () => isBeingSent || reply.sent
}

module.exports = { askPressureHandler }
