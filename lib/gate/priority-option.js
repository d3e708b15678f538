'use strict'

const { isIP } = require('node:net')
const { PRIORITIES } = require('../accept-queue/priority-rule.js')
const { isArrayOfStrings, isFieldName, isFunction, isPathPattern, isString } = require('../options/rows.js')

/** Checks the option `priority`. */

const BITS = { 4: 32, 6: 128 }

/**
 * @param {any} value an object
 * @returns {string} what is wrong with it; empty if nothing is
 */
function whyNot ({ header, trust, ...levels }) {
  const given = Object.entries(levels).filter(([, paths]) => paths !== undefined)
  const unknown = given.find(([name]) => !PRIORITIES.includes(/** @type {any} */ (name)))
  if (unknown !== undefined) return `"${unknown[0]}" is not a priority`
  if (given.length === 0 && header === undefined) return 'it has no rule'
  if (header !== undefined && !isFieldName(header)) return 'header must be the name of a request header'
  if (trust !== undefined && header === undefined) return 'trust requires header'
  return whyNotPaths(given) || whyNotTrust(trust)
}

/** @param {[name: string, paths: unknown][]} levels */
function whyNotPaths (levels) {
  const all = new Map()
  for (const [name, paths] of levels) {
    const list = [paths].flat()
    if (!isArrayOfStrings(list) || !list.every(isPathPattern)) {
      return `${name} must be a path or an array of paths (each begins with "/"; a final "*" stands for any ending)`
    }
    for (const path of list) {
      if (all.has(path)) return `${path} is listed twice, as ${all.get(path)} and as ${name}`
      all.set(path, name)
    }
  }
  return ''
}

/** @param {unknown} trust */
function whyNotTrust (trust) {
  if (trust === undefined || isFunction(trust)) return ''
  const wrong = [trust].flat().find((range) => !isRange(range))
  return wrong === undefined ? '' : `trust contains ${isString(wrong) ? `"${wrong}"` : typeof wrong}, which is neither an address nor a CIDR range`
}

/** @param {unknown} range */
function isRange (range) {
  const [address, bits, ...rest] = isString(range) ? /** @type {string} */ (range).split('/') : []
  const family = /** @type {0 | 4 | 6} */ (isIP(address ?? ''))
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= BITS[family])
}

module.exports = { whyNot }
