'use strict'

/**
 * The route that `exposeStatusRoute` adds. The names and the schema are those of @fastify/under-pressure.
 *
 * @typedef {object} StatusRoute
 * @property {string} [url] default: `/status`
 * @property {object} [routeOpts] Fastify's options of the route
 * @property {Record<string, any>} [routeSchemaOpts] added to its schema; its `response` takes precedence
 * @property {Record<string, unknown>} [routeResponseSchemaOpts] schema of the properties that the health check's result
 *   adds to the response
 */

const DEFAULT_URL = '/status'
const NAMES = ['url', 'routeOpts', 'routeSchemaOpts', 'routeResponseSchemaOpts']

/** @type {import('../../options/rows.js').OptionRow} */
const statusRouteRow = {
  takes: 'true or false, a path that begins with "/", or an object of url, routeOpts, routeSchemaOpts and routeResponseSchemaOpts',
  hasType: (value) => ['boolean', 'string'].includes(typeof value) || isStatusRoute(value),
  inRange: (value) => typeof value === 'boolean' || pathOf(value).startsWith('/'),
  default: false
}

/**
 * @param {import('fastify').FastifyInstance} fastify
 * @param {boolean | string | StatusRoute} option
 * @param {(reply: import('fastify').FastifyReply) => Promise<any>} check resolves to properties that are added to
 *   `{ status: 'ok' }`, or rejects
 * @returns {string | undefined} the route's pattern; undefined if the option is false
 */
function addStatusRoute (fastify, option, check) {
  if (option === false) return undefined
  const url = pathOf(option)
  const { routeOpts, routeSchemaOpts, routeResponseSchemaOpts } = /** @type {StatusRoute} */ (typeof option === 'object' ? option : {})
  fastify.route({
    ...routeOpts,
    url,
    method: 'GET',
    schema: schemaOf(routeSchemaOpts, routeResponseSchemaOpts),
    handler: async (request, reply) => ({ status: 'ok', ...await check(reply) })
  })
  return fastify.prefix + url
}

/** @param {any} value */
function isStatusRoute (value) {
  return typeof value === 'object' && value !== null && ['string', 'undefined'].includes(typeof value.url) &&
    Object.keys(value).every((name) => NAMES.includes(name))
}

/** @param {any} option */
function pathOf (option) {
  if (typeof option === 'string') return option
  return option.url ?? DEFAULT_URL
}

/**
 * @param {Record<string, any>} [own]
 * @param {Record<string, unknown>} [ownProperties]
 */
function schemaOf ({ response: { 200: ownSuccess, ...ownResponses } = /** @type {any} */ ({}), ...own } = {}, ownProperties = {}) {
  return {
    ...own,
    response: {
      200: {
        type: 'object',
        description: 'Health Check Succeeded',
        example: { status: 'ok' },
        ...ownSuccess,
        properties: { status: { type: 'string' }, ...ownProperties, ...ownSuccess?.properties }
      },
      500: {
        type: 'object',
        description: 'Error Performing Health Check',
        properties: {
          message: property('string', 'Error message for failure during health check', 'Internal Server Error'),
          statusCode: statusCode(500)
        }
      },
      503: {
        type: 'object',
        description: 'Health Check Failed',
        properties: {
          code: property('string', 'Error code associated with the failing check', 'FST_UNDER_PRESSURE'),
          error: property('string', 'Error thrown during health check', 'Service Unavailable'),
          message: property('string', 'Error message to explain health check failure', 'Service Unavailable'),
          statusCode: statusCode(503)
        }
      },
      ...ownResponses
    }
  }
}

/** @param {number} example */
function statusCode (example) {
  return property('number', 'Code representing the error. Always matches the HTTP response code.', example)
}

/**
 * @param {string} type
 * @param {string} description
 * @param {unknown} example
 */
function property (type, description, example) {
  return { type, description, example }
}

module.exports = { addStatusRoute, statusRouteRow }
