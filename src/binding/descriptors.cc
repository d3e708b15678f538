#include "binding/descriptors.h"

#include <cstddef>
#include <cstdint>

#include "os/early_socket.h"

namespace spillway {
namespace {

Napi::Value ArrayOf(Napi::Env env, const std::vector<int>& numbers) {
  const Napi::Array array = Napi::Array::New(env, numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto index = static_cast<uint32_t>(i);
    if (!array.Set(index, Napi::Number::New(env, numbers[i])).UnwrapOr(false)) return {};
  }
  return array;
}

}  // namespace

Napi::Value GiveDescriptors(Napi::Env env, const std::vector<int>& fds) {
  const Napi::Value array = ArrayOf(env, fds);
  if (array.IsEmpty()) {
    for (const int fd : fds) early_socket::Close(fd);
  }
  return array;
}

}  // namespace spillway
