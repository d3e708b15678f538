'use strict'

const path = require('node:path')

/**
 * The part of the C++ runtime that the addon uses, compiled as the addon is, without exceptions.
 * libc++ as Zig links it throws, and so brings an unwinder and a demangler: six times the size, and
 * a minute more for each system. Where the addon comes to need more, the test of the binaries' symbols
 * names it: add the file. All of libc++'s string.cpp would bring the C library's conversions of numbers;
 * string.cc has the class alone.
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

/** @param {string} zigLib Zig's folder lib/ */
module.exports = (zigLib) => ({
  sources: [...FILES.map((file) => path.join(zigLib, file)), path.join(__dirname, 'string.cc')],
  flags: [
    '-w', '-std=c++20', '-DNDEBUG',
    '-D_LIBCPP_BUILDING_LIBRARY', '-DLIBCXX_BUILDING_LIBCXXABI', '-D_LIBCXXABI_BUILDING_LIBRARY',
    '-D_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS', '-D_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS',
    '-DLIBCXXABI_SILENT_TERMINATE',
    `-I${path.join(zigLib, 'libcxx/src')}`, `-I${path.join(zigLib, 'libcxxabi/include')}`, `-I${path.join(zigLib, 'libcxxabi/src')}`
  ]
})
