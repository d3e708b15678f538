#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace spillway {

/// Numbers that C++ and JavaScript can both read and write, in one thread.
class SharedNumbers final {
 public:
  explicit SharedNumbers(size_t count) : numbers_(count) {}

  double& operator[](size_t index) { return numbers_[index]; }

  /// A Float64Array of the numbers, which shares their ownership. Undefined where a program may not
  /// share its memory with JavaScript (Electron).
  static Napi::Value ToJs(Napi::Env env, const std::shared_ptr<SharedNumbers>& shared);

 private:
  std::vector<double> numbers_;
};

}  // namespace spillway
