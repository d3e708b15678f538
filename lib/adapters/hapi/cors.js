'use strict'

/**
 * Returns the CORS headers of a response that is sent before Hapi has routed the request. Hapi then adds no headers of
 * the route, and without them a browser would hide the 503 from the script that sent the request.
 *
 * @param {import('@hapi/hapi').Request} request
 * @param {import('@hapi/hapi').RequestRoute | undefined} route that the request will take
 * @returns {Record<string, string>}
 */
function corsHeaders (request, route) {
  const cors = /** @type {any} */ (route?.settings.cors)
  if (request.route.settings.cors) {
    // The server has CORS settings for all routes, so Hapi adds the headers itself. It takes the route, or the result
    // of the origin check, from the properties set here.
    if (cors) Object.assign(request, { route })
    else if (route !== undefined) Object.assign(request.info, { cors: { isOriginMatch: false } })
    return {}
  }
  if (!cors) return {}
  const { origin } = /** @type {Record<string, string>} */ (request.headers)
  const isAny = cors.origin === 'ignore'
  /** @type {Record<string, string>} */
  const headers = isAny ? {} : { vary: 'origin' }
  if (!isAny && !matches(origin, cors.origin)) return headers
  headers['access-control-allow-origin'] = isAny ? '*' : origin
  if (cors.credentials) headers['access-control-allow-credentials'] = 'true'
  return Object.assign(headers, exposeHeaders(cors))
}

/** @param {any} cors @returns {Record<string, string>} */
function exposeHeaders (cors) {
  const exposed = [...cors.exposedHeaders, ...cors.additionalExposedHeaders]
  return exposed.length > 0 ? { 'access-control-expose-headers': exposed.join(',') } : {}
}

/**
 * The CORS headers of a response that is sent before the request has been read: those that do not depend on it.
 *
 * @param {import('@hapi/hapi').Server} server
 * @returns {Record<string, string>}
 */
function corsHeadersForAll (server) {
  const cors = /** @type {any} */ (server.settings.routes?.cors)
  // A browser accepts no `*` in response to a request with credentials.
  const isAny = cors?.origin === 'ignore' || (cors?.origin?.includes('*') && !cors.credentials)
  return isAny ? { 'access-control-allow-origin': '*', ...exposeHeaders(cors) } : {}
}

/**
 * @param {string | undefined} origin
 * @param {string[]} allowed patterns; `*` stands for any characters, `?` for one
 */
function matches (origin, allowed) {
  if (origin === undefined) return false
  return allowed.some((pattern) => {
    const source = pattern.replace(/[\\^$.|+()[\]{}/-]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
    return new RegExp(`^${source}$`).test(origin)
  })
}

module.exports = { corsHeaders, corsHeadersForAll }
