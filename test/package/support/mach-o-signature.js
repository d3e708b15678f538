'use strict'

const crypto = require('node:crypto')

// From mach-o/loader.h and, in XNU, osfmk/kern/cs_blobs.h.
const HEADER_BYTES = 32
const LC_CODE_SIGNATURE = 0x1d
const CODE_DIRECTORY = 0xfade0c02

/**
 * Checks the hashes of pages in an ad-hoc signature.
 *
 * @param {Buffer} binary a Mach-O file of 64 bits
 * @returns {number[]} the numbers of the pages whose hashes differ
 */
function invalidPages (binary) {
  const directory = codeDirectory(binary)
  const hashOffset = directory.readUInt32BE(16)
  const count = directory.readUInt32BE(28)
  const codeBytes = directory.readUInt32BE(32)
  const hashBytes = directory.readUInt8(36)
  const pageBytes = 2 ** directory.readUInt8(39)
  if (count !== Math.ceil(codeBytes / pageBytes)) throw new Error(`${count} hashes for ${codeBytes} bytes`)
  return Array.from({ length: count }, (_, i) => i).filter((i) => {
    const page = binary.subarray(i * pageBytes, Math.min(codeBytes, (i + 1) * pageBytes))
    const hash = directory.subarray(hashOffset + i * hashBytes, hashOffset + (i + 1) * hashBytes)
    return !crypto.createHash('sha256').update(page).digest().equals(hash)
  })
}

/** @param {Buffer} binary @returns {Buffer} the first part of the signature */
function codeDirectory (binary) {
  let at = HEADER_BYTES
  for (let left = binary.readUInt32LE(16); left > 0; left--) {
    if (binary.readUInt32LE(at) === LC_CODE_SIGNATURE) {
      const signature = binary.subarray(binary.readUInt32LE(at + 8))
      const directory = signature.subarray(signature.readUInt32BE(16))
      if (directory.readUInt32BE(0) === CODE_DIRECTORY) return directory
    }
    at += binary.readUInt32LE(at + 4)
  }
  throw new Error('the file is not signed')
}

module.exports = { invalidPages }
