#pragma once

#include <napi.h>

#include <cstddef>
#include <string>

#include "admission/fair_shares.h"
#include "binding/call.h"

namespace spillway {

/// The client that JavaScript names in the arguments from `index` on: a string and a weight. There
/// is none if the first is missing or undefined.
class NamedClient final {
 public:
  NamedClient(const Napi::CallbackInfo& info, size_t index) {
    if (info.Length() <= index || !info[index].IsString()) return;
    name_ = info[index].As<Napi::String>().Utf8Value();
    client_ = {name_, info.Length() > index + 1 ? NumberAt(info, index + 1) : 1};
    is_named_ = true;
  }
  NamedClient(const NamedClient&) = delete;
  NamedClient& operator=(const NamedClient&) = delete;

  const Client* Get() const { return is_named_ ? &client_ : nullptr; }

 private:
  std::string name_;
  Client client_;
  bool is_named_ = false;
};

}  // namespace spillway
