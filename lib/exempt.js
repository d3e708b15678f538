'use strict'

/**
 * @param {string | string[] | ((request: any) => boolean)} exempt paths (a final `*` stands for any
 *   ending), or the user's own function
 * @returns {(raw: any, request: any) => boolean} of Node's request and the framework's
 */
function exemptTest (exempt) {
  if (typeof exempt === 'function') return (raw, request) => Boolean(exempt(request))
  const patterns = [exempt].flat()
  if (patterns.length === 0) return () => false
  const paths = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return (raw) => {
    const path = pathOf(raw)
    return paths.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
  }
}

/**
 * The path that the client asked for: Express strips a mounted application's prefix from `url`.
 *
 * @param {any} raw
 * @returns {string}
 */
function pathOf (raw) {
  const url = raw.originalUrl ?? raw.url
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

module.exports = { exemptTest }
