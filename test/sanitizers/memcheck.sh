#!/bin/bash
# Runs lifecycles.js under valgrind's memcheck: it must find no leak, and no error outside Node's own code.
set -euo pipefail
cd "$(dirname "$0")/../.."

FOUND=9 # any exit code that nothing else uses
exec valgrind --quiet --error-exitcode=$FOUND --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
  --keep-debuginfo=yes --num-callers=30 --suppressions=test/sanitizers/memcheck.supp \
  "$(node -p process.execPath)" --jitless test/sanitizers/lifecycles.js
