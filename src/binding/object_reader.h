#pragma once

#include <napi.h>

#include <string>
#include <vector>

namespace spillway {

/// Reads the properties of an object that JavaScript has validated. A property that is missing, or
/// cannot be read because a worker is being terminated, is read as 0, false or empty; HasFailed()
/// then returns true.
class ObjectReader final {
 public:
  explicit ObjectReader(const Napi::Value& value)
      : object_(value.IsObject() ? value.As<Napi::Object>() : Napi::Object()),
        has_failed_(object_.IsEmpty()) {}

  bool Boolean(const char* name);
  double Number(const char* name);
  std::string String(const char* name);
  std::vector<double> Numbers(const char* name);
  std::vector<std::string> Strings(const char* name);
  /// The failures of the result are its own: they do not count as this object's.
  ObjectReader Object(const char* name) { return ObjectReader(Get(name)); }

  bool HasFailed() const { return has_failed_; }

 private:
  /// An empty value if the property cannot be read.
  Napi::Value Get(const char* name);
  /// Calls `read(element)` for each element of an array.
  template <typename Read>
  void ForEach(const char* name, Read read);
  /// These note a failure if the value has another type.
  double NumberOf(const Napi::Value& value);
  std::string StringOf(const Napi::Value& value);

  Napi::Object object_;
  bool has_failed_;
};

}  // namespace spillway
