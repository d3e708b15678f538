'use strict'

/**
 * The CORS headers of an answer that is given before Hapi has routed, and which Hapi therefore gives
 * none of the route's: without them a browser would not tell its script of the 503.
 *
 * @param {import('@hapi/hapi').Request} request
 * @param {import('@hapi/hapi').RequestRoute | undefined} route that it will take
 * @returns {Record<string, string>}
 */
function corsHeaders (request, route) {
  const cors = /** @type {any} */ (route?.settings.cors)
  if (request.route.settings.cors) {
    // The server has its own, for all routes: Hapi adds them, and looks here for which, or for none.
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
  const exposed = [...cors.exposedHeaders, ...cors.additionalExposedHeaders]
  if (exposed.length > 0) headers['access-control-expose-headers'] = exposed.join(',')
  return headers
}

/**
 * @param {string | undefined} origin
 * @param {string[]} allowed `*` stands for any characters, `?` for one
 */
function matches (origin, allowed) {
  if (origin === undefined) return false
  return allowed.some((pattern) => {
    const source = pattern.replace(/[\\^$.|+()[\]{}/-]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
    return new RegExp(`^${source}$`).test(origin)
  })
}

module.exports = { corsHeaders }
