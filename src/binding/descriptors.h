#pragma once

#include <napi.h>

#include <vector>

namespace spillway {

/// Passes the ownership of connections' descriptors to JavaScript, in an array. If that fails, as
/// it may while a worker is being terminated, closes them and returns an empty value.
Napi::Value GiveDescriptors(Napi::Env env, const std::vector<int>& fds);

}  // namespace spillway
