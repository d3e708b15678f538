#!/bin/bash
# Runs all code that needs no JavaScript in several threads, under ThreadSanitizer. Node itself is not built with it.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build/tsan
mkdir -p $build
headers=$(node -p "path.join(process.execPath, '../../include/node')")
# Node's headers come last, because they contain another version of libuv.
g++ -std=c++17 -g -O1 -fsanitize=thread -fno-exceptions -Wall -Wextra -DNAPI_VERSION=8 -Isrc -idirafter "$headers" \
  -o $build/threads test/sanitizers/threads.cc \
  $(find src -name '*.cc' -not -path 'src/binding/*' -not -name '*_other.cc') -luv -pthread
export TSAN_OPTIONS=halt_on_error=1
exec $build/threads
