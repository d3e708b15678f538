'use strict'

/**
 * @typedef {import('./types.js').PressureHandler} PressureHandler
 * @typedef {import('../../limits/index.js').ExceededLimit} ExceededLimit
 * @typedef {import('fastify').FastifyRequest} FastifyRequest
 * @typedef {import('fastify').FastifyReply} FastifyReply
 *
 * @typedef {object} Ends one of them is called, once
 * @property {() => void} refused it has answered, or is about to
 * @property {() => void} pass it has not
 * @property {(error: Error) => void} fail
 */

/**
 * Asks the user's handler what becomes of a request that a limit is against: it answers by what it
 * returns or by `reply.send()`, or else lets it pass.
 *
 * @param {PressureHandler} handler
 * @param {ExceededLimit} exceeded
 * @param {FastifyRequest} request
 * @param {FastifyReply} reply
 * @param {Ends} ends
 */
function askPressureHandler (handler, exceeded, request, reply, { refused, pass, fail }) {
  const answers = answerWatch(reply)
  const settle = () => answers() ? refused() : pass()
  /** @param {any} error */
  const failWith = (error) => fail(error ?? new Error('the pressureHandler failed, and did not say why'))
  /** @type {any} */
  let result
  try {
    result = handler(request, reply, exceeded.reason, exceeded.value)
  } catch (error) {
    return failWith(error)
  }
  if (typeof result?.then === 'function') return result.then(settle, failWith)
  if (result != null && !answers()) reply.send(result)
  settle()
}

/**
 * Fastify says that a reply is sent when its hooks are through, which may take them a while: the
 * route's handler would answer it as well.
 *
 * @param {FastifyReply} reply
 * @returns {() => boolean} whether it is, or is on its way
 */
function answerWatch (reply) {
  const { send } = reply
  let isOnItsWay = false
  reply.send = /** @type {typeof send} */ function (payload) {
    isOnItsWay = true
    return send.call(reply, payload)
  }
  return () => isOnItsWay || reply.sent
}

module.exports = { askPressureHandler }
