'use strict'

const { argumentError } = require('../options/errors.js')
const { show } = require('../options/show.js')

/**
 * @param {unknown} item
 * @returns {number} the size in bytes
 * @throws {TypeError} for items other than Buffers, typed arrays and strings
 */
function byteSize (item) {
  if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return item.byteLength
  if (typeof item === 'string') return Buffer.byteLength(item)
  throw argumentError(TypeError, 'SPILLWAY_INVALID_OPTION',
    `spillway/stream: option "sizeOf" is required for items that are not Buffers, typed arrays or strings, got ${show(item)}`)
}

/**
 * @param {(item: any) => number} sizeOf
 * @returns {(item: any) => number} the same function, which throws a TypeError for an invalid result
 */
function checkedSize (sizeOf) {
  return item => {
    const bytes = sizeOf(item)
    if (Number.isFinite(bytes) && bytes >= 0) return bytes
    throw argumentError(TypeError, 'SPILLWAY_INVALID_OPTION', `spillway/stream: sizeOf must return a number from 0 up, got ${show(bytes)}`)
  }
}

module.exports = { byteSize, checkedSize }
