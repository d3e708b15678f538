#!/bin/bash
# Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer, in a directory of its own, and runs the given
# test files with it. Without arguments, it runs the files that reach the most native code in a few minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

files=("$@")
[ $# -gt 0 ] || files=(test/repository/package.test.js test/loop/toobusy.test.js test/admission/controller.simulation.test.js test/requests/{client-gone,in-flight,older-requests}*.test.js
  test/lifecycle/{exit,shared-port,workers}*.test.js test/accept-queue/{http-head,spill,hand-over,where,stress,tls,unix}*.test.js)

build=build/asan
flags='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g'
mkdir -p $build
cp -r package.json src $build
CXX=g++ CXXFLAGS=$flags LDFLAGS=$flags npx node-gyp rebuild --silent -C $build/src

# Node is not built with the sanitizers, so they must be loaded before it. Leaks are not reported, because Node does not
# free everything when it ends.
export LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so) $(g++ -print-file-name=libstdc++.so.6)"
export ASAN_OPTIONS=detect_leaks=0
export WORKERS="${WORKERS:-10}"
export UBSAN_OPTIONS=print_stacktrace=1
export SPILLWAY_PREBUILD=$PWD/$build # where node-gyp-build looks first
node -e '
  require("./lib/native/binding.js")
  const loaded = process.report.getReport().sharedObjects.filter((name) => name.endsWith("spillway.node"))
  require("node:assert").deepEqual(loaded, [process.env.SPILLWAY_PREBUILD + "/build/Release/spillway.node"])'
# The excluded tests compare costs, which is impossible with the sanitizers: they slow everything down.
exec node node_modules/mocha/bin/mocha.js --timeout 60000 --invert --fgrep 'under a flood, the spill' "${files[@]}"
