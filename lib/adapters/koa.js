'use strict'

const { createGate } = require('../gate/index.js')
const { gateOptions } = require('../gate/options.js')
const { STATUS, ShedError, refusalContent, textOf } = require('../gate/refusal.js')
const { readOptions } = require('../options/read.js')
const { booleanRow, functionRow } = require('../options/rows.js')

/**
 * @typedef {import('../gate/gate.js').GateHandle} GateHandle
 * @typedef {import('../gate/options.js').ShedInfo} ShedInfo
 * @typedef {import('koa').Context} Context
 *
 * @typedef {object} AnswerOptions
 * @property {(ctx: Context, info: ShedInfo) => unknown} [respond] sets a response in place of the 503
 * @property {boolean} [errorMode] throw an error with `status` 503 instead of responding
 *
 * @typedef {import('../gate/options.js').GateOptions<Context> & AnswerOptions} KoaOptions
 */

const table = { ...gateOptions, respond: functionRow, errorMode: { ...booleanRow, otherNames: ['errorPropagationMode'] } }

/**
 * Middleware for Koa 2 and 3. Add it first: the work of middleware before it is wasted on requests that are then refused.
 *
 * @param {KoaOptions} [options]
 * @returns {import('koa').Middleware & GateHandle}
 * @throws {TypeError | RangeError} for an unknown or invalid option
 */
module.exports = function spillway (options) {
  const { respond, errorMode, ...settings } = readOptions('spillway/koa', table, options)
  const gate = createGate(settings, {
    spill: { entry: 'spillway/koa', options: { ...settings, respond, errorMode }, judgesAll: false }
  })

  /** @type {import('koa').Middleware} */
  const middleware = (ctx, next) => {
    gate.watchServerOf(ctx.req)
    const info = gate.decide(ctx.req, ctx.res, ctx)
    if (info === null) {
      const handled = next()
      // Koa does not end the response if the client has left, so only this promise shows that the handler has finished.
      gate.followHandler(ctx.req, handled)
      return handled
    }
    if (respond !== undefined) return respond(ctx, info)
    ctx.set('Retry-After', String(info.retryAfter))
    if (errorMode) throw new ShedError(textOf(info, settings.message), info)
    ctx.status = STATUS
    const { type, body } = refusalContent(info, settings.message)
    ctx.type = type
    ctx.body = body
  }
  return Object.assign(middleware, gate.handle())
}
