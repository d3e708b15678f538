#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the run of a fuzz target, which then reports the input, unless `holds`.
inline void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}
