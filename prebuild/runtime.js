'use strict'

const path = require('node:path')

/**
 * The part of the C++ runtime that the addon uses, compiled without exceptions like the addon itself. The libc++ that
 * Zig links by default uses exceptions, and so includes an unwinder and a demangler: the binary would be six times as
 * large, and the build would take a minute longer for each system. If the addon needs more of the runtime, the test of
 * the binaries' symbols names the missing symbols: add the file that defines them here. string.cc replaces libc++'s
 * string.cpp, which would add the C library's conversions of numbers.
 */
const FILES = [
  'libcxx/src/hash.cpp',
  'libcxx/src/memory.cpp',
  'libcxx/src/new.cpp',
  'libcxx/src/verbose_abort.cpp',
  'libcxxabi/src/abort_message.cpp',
  'libcxxabi/src/cxa_default_handlers.cpp',
  'libcxxabi/src/cxa_handlers.cpp',
  'libcxxabi/src/cxa_noexception.cpp',
  'libcxxabi/src/cxa_virtual.cpp',
  'libcxxabi/src/stdlib_exception.cpp'
]

/** In place of files of libc++ that would add much more. */
const REPLACEMENTS = { linux: ['string.cc'], mac: ['string.cc'], win: ['string.cc', 'mutex_win32.cc'] }

/**
 * @param {string} zigLib Zig's folder lib/
 * @param {'linux' | 'mac' | 'win'} os
 */
module.exports = (zigLib, os) => ({
  sources: [...FILES.map((file) => path.join(zigLib, file)), ...REPLACEMENTS[os].map((file) => path.join(__dirname, file))],
  flags: [
    '-w', '-std=c++20', '-DNDEBUG',
    '-D_LIBCPP_BUILDING_LIBRARY', '-DLIBCXX_BUILDING_LIBCXXABI', '-D_LIBCXXABI_BUILDING_LIBRARY',
    '-D_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS', '-D_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS',
    '-DLIBCXXABI_SILENT_TERMINATE',
    `-I${path.join(zigLib, 'libcxx/src')}`, `-I${path.join(zigLib, 'libcxxabi/include')}`, `-I${path.join(zigLib, 'libcxxabi/src')}`
  ]
})
