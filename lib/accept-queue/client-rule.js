'use strict'

const { isFunction } = require('../options/rows.js')

const X_FORWARDED_FOR = 'x-forwarded-for'

/**
 * What tells clients apart, where native code can read it. src/accept_queue/client_rule.h is its counterpart.
 *
 * @typedef {object} ClientRule
 * @property {string} header the name of the header in lower case; empty: the address of the connection
 * @property {number} proxies how many proxies are trusted, if the header is a list of addresses; otherwise 0
 *
 * @param {any} fairBy the option; for a function, the rule is that of the address
 * @returns {ClientRule}
 */
function clientRule (fairBy) {
  if (fairBy === undefined || fairBy === 'address' || isFunction(fairBy)) return { header: '', proxies: 0 }
  const { header = X_FORWARDED_FOR, forwarded = 0 } = fairBy
  return { header: header.toLowerCase(), proxies: forwarded }
}

module.exports = { clientRule }
