'use strict'

const { EarlyRefusal } = require('./express-early-refusal.js')
const { ExpressProof } = require('./express-proof.js')
const { createGate } = require('../gate/index.js')
const { gateOptions } = require('../gate/options.js')
const { ShedError, answer, textOf } = require('../gate/refusal.js')
const { readOptions } = require('../options/read.js')
const { booleanRow, functionRow, isFunction } = require('../options/rows.js')

/**
 * @typedef {import('../gate/gate.js').GateHandle} GateHandle
 * @typedef {import('../gate/options.js').ShedInfo} ShedInfo
 * @typedef {import('express').Request} Request
 * @typedef {import('express').Response} Response
 * @typedef {import('express').NextFunction} NextFunction
 *
 * @typedef {object} AnswerOptions
 * @property {(req: Request, res: Response, info: ShedInfo, next: NextFunction) => unknown} [respond]
 *   sends a response in place of the 503
 * @property {boolean} [errorMode] pass an error with `status` 503 to `next` instead of responding
 *
 * @typedef {import('../gate/options.js').GateOptions<Request> & AnswerOptions} ExpressOptions
 */

const kPriority = Symbol('spillway.priority')
/** Whether there is middleware that sets it. Reading a property of Express's requests is costly. */
let isPriorityUsed = false

const table = { ...gateOptions, respond: functionRow, errorMode: { ...booleanRow, otherNames: ['errorPropagationMode'] } }

/**
 * Middleware that gives requests a priority. Add it before that of `spillway()`, which reads it; on such a server, native code
 * refuses no connections from the accept queue.
 *
 * @param {import('../admission/priorities.js').Priority} name
 * @returns {import('express').RequestHandler}
 * @throws {TypeError} if there is no such priority
 */
function priority (name) {
  const { PRIORITIES } = require('../accept-queue/priority-rule.js') // required on use
  const value = PRIORITIES.indexOf(name)
  if (value < 0) throw require('../options/errors.js').invalidArgument('spillway/express: priority()', `one of ${PRIORITIES.join(', ')}`, name)
  isPriorityUsed = true
  return (/** @type {any} */ req, res, next) => {
    req[kPriority] = value
    next()
  }
}

/**
 * Middleware for Express 4 and 5, and for any framework that takes `(req, res, next)`. Add it first: the work of
 * middleware before it is wasted on requests that are then refused.
 *
 * @param {ExpressOptions} [options]
 * @returns {import('express').RequestHandler & GateHandle}
 * @throws {TypeError | RangeError} for an unknown or invalid option
 */
function spillway (options) {
  const { respond, errorMode, ...settings } = readOptions('spillway/express', table, options)
  const gate = createGate(settings, {
    spill: { entry: 'spillway/express', options: { ...settings, respond, errorMode }, judgesAll: true }
  })

  /** @type {import('express').RequestHandler} */
  const middleware = (/** @type {any} */ req, res, next) => {
    gate.watchServerOf(req, whyNot)
    const priority = isPriorityUsed ? req[kPriority] : undefined
    if (priority !== undefined) gate.useRoutePriorities()
    const info = gate.decide(req, res, req, priority === undefined ? undefined : { priority })
    if (info === null) return next()
    if (respond !== undefined) {
      // Express 4 ignores the promise that middleware returns.
      new Promise((resolve) => resolve(respond(req, res, info, next))).catch(next)
    } else if (errorMode) {
      res.setHeader('Retry-After', String(info.retryAfter))
      next(new ShedError(textOf(info, settings.message), info))
    } else answer(res, info, settings.message)
  }
  const early = new EarlyRefusal((req, res) => {
    if (!proof.holdsFor(gate.serverOf(req))) return false
    const info = gate.decide(req, res, req)
    if (info !== null) answer(res, info, settings.message)
    return info !== null
  })
  // These functions get Express's request. Other options that need it turn the spill off, and with it the proof.
  const needsExpress = settings.classify !== undefined || settings.onShed !== undefined || isFunction(settings.deadline)
  const proof = new ExpressProof(middleware, (app) => {
    if (!needsExpress) early.add(app)
  })
  /** @param {any} req @param {any} server */
  const whyNotWhole = (req, server) => {
    const why = proof.whyNot(req, server)
    if (why !== '') early.close()
    return why
  }
  const whyNot = settings.spill ? undefined : whyNotWhole
  return Object.assign(middleware, gate.handle(() => early.close()))
}

module.exports = spillway
module.exports.priority = priority
