'use strict'

const { describe } = require('./describe.js')

/**
 * @param {unknown} item
 * @returns {number} the bytes of what streams usually carry
 */
function byteSize (item) {
  if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return item.byteLength
  if (typeof item === 'string') return Buffer.byteLength(item)
  throw new TypeError(`sizeOf must be given for items that are not Buffers, typed arrays or strings, such as ${describe(item)}`)
}

/**
 * @param {(item: any) => number} sizeOf
 * @returns {(item: any) => number} the same, whose answer can be trusted
 */
function checkedSize (sizeOf) {
  return item => {
    const bytes = sizeOf(item)
    if (Number.isFinite(bytes) && bytes >= 0) return bytes
    throw new TypeError(`sizeOf must answer a number >= 0, got ${describe(bytes)}`)
  }
}

module.exports = { byteSize, checkedSize }
