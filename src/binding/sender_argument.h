#pragma once

#include <napi.h>

#include <cstddef>
#include <string>

#include "admission/claims.h"
#include "binding/call.h"

namespace spillway {

/// The sender of a request, in four arguments of a function, from `index` on: the name of the
/// client (a string, or undefined), its weight (1 if missing), the request's priority (0: critical,
/// to 3: background) and how long the client waits for the response, ns. There is none if the name,
/// the priority and that time are missing.
class SenderArgument final {
 public:
  SenderArgument(const Napi::CallbackInfo& info, size_t index) {
    const bool has_client = info.Length() > index && info[index].IsString();
    const bool has_priority = info.Length() > index + 2 && info[index + 2].IsNumber();
    const bool has_patience = info.Length() > index + 3 && info[index + 3].IsNumber();
    is_given_ = has_client || has_priority || has_patience;
    if (has_patience) sender_.patience_ns = NumberAt(info, index + 3);
    const double priority = has_priority ? NumberAt(info, index + 2) : -1;
    if (priority >= 0 && priority < PriorityCutoff::kLevels)
      sender_.priority = static_cast<Priority>(priority);
    if (!has_client) return;
    name_ = info[index].As<Napi::String>().Utf8Value();
    client_ = {name_, info.Length() > index + 1 ? NumberAt(info, index + 1) : 1};
    sender_.client = &client_;
  }
  SenderArgument(const SenderArgument&) = delete;
  SenderArgument& operator=(const SenderArgument&) = delete;

  const Sender* Get() const { return is_given_ ? &sender_ : nullptr; }

 private:
  std::string name_;
  Client client_;
  Sender sender_;
  bool is_given_ = false;
};

}  // namespace spillway
