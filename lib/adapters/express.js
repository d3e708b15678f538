'use strict'

const { Gate } = require('../gate/gate.js')
const { gateOptions } = require('../gate/options.js')
const { ShedError, answer, bodyOf } = require('../gate/refusal.js')
const { planSpill } = require('../accept-queue/spill-plan.js')
const { readOptions } = require('../options/read.js')
const { booleanRow, functionRow } = require('../options/rows.js')

/**
 * @typedef {import('../gate/gate.js').GateHandle} GateHandle
 * @typedef {import('../gate/options.js').ShedInfo} ShedInfo
 * @typedef {import('express').Request} Request
 * @typedef {import('express').Response} Response
 * @typedef {import('express').NextFunction} NextFunction
 *
 * @typedef {object} AnswerOptions
 * @property {(req: Request, res: Response, info: ShedInfo, next: NextFunction) => unknown} [respond]
 *   answers instead of the 503
 * @property {boolean} [errorMode] pass an error with `status` 503 to `next` instead of answering
 *
 * @typedef {import('../gate/options.js').GateOptions<Request> & AnswerOptions} ExpressOptions
 */

const table = { ...gateOptions, respond: functionRow, errorMode: { ...booleanRow, otherNames: ['errorPropagationMode'] } }

/**
 * Express middleware, for 4 and 5 (and whatever else takes `(req, res, next)`). Belongs first in the
 * chain: what runs before it is work done for requests that are then refused.
 *
 * @param {ExpressOptions} [options]
 * @returns {import('express').RequestHandler & GateHandle}
 * @throws {TypeError | RangeError} on an unknown option or a value out of range
 */
module.exports = function spillway (options) {
  const { respond, errorMode, ...settings } = readOptions('spillway/express', table, options)
  const spillPlan = planSpill('spillway/express', { ...settings, respond, errorMode }, false)
  const gate = new Gate(settings, { spillPlan })

  /** @type {import('express').RequestHandler} */
  const middleware = (req, res, next) => {
    gate.spill.seen(req)
    const info = gate.enter(req, res, req)
    if (info === null) return next()
    if (respond !== undefined) {
      // Express 4 does not look at what middleware returns.
      new Promise((resolve) => resolve(respond(req, res, info, next))).catch(next)
    } else if (errorMode) {
      res.setHeader('Retry-After', String(info.retryAfter))
      next(new ShedError(bodyOf(info, settings.message), info))
    } else answer(res, info, settings.message)
  }
  return Object.assign(middleware, gate.handle())
}
