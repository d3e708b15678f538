#include "binding/shared_numbers.h"

namespace spillway {

// Calls Node-API directly: Napi::ArrayBuffer throws where external memory is not allowed.
Napi::Value SharedNumbers::ToJs(Napi::Env env, const std::shared_ptr<SharedNumbers>& shared) {
  using Share = std::shared_ptr<SharedNumbers>;
  auto share = std::make_unique<Share>(shared);
  const auto drop = [](napi_env, void*, void* hint) { delete static_cast<Share*>(hint); };
  std::vector<double>& numbers = shared->numbers_;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  if (napi_create_external_arraybuffer(env, numbers.data(), numbers.size() * sizeof(double), drop,
                                       share.get(), &buffer) != napi_ok) {
    return env.Undefined();
  }
  static_cast<void>(share.release());  // the buffer owns it
  if (napi_create_typedarray(env, napi_float64_array, numbers.size(), buffer, 0, &array) !=
      napi_ok) {
    return {};
  }
  return {env, array};
}

}  // namespace spillway
