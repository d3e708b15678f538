'use strict'

/** Scheme and authority of a request target in absolute form (RFC 9112, section 3.2.2), which clients send to proxies. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/**
 * @param {string} target of a request line
 * @returns {string} its path, neither decoded nor normalized
 */
function pathOfTarget (target) {
  const local = target.startsWith('/') ? target : target.replace(ORIGIN, '')
  const end = local.indexOf('?')
  return (end < 0 ? local : local.slice(0, end)) || '/'
}

module.exports = { pathOfTarget }
