#include "binding/object_reader.h"

#include <cstdint>

namespace spillway {

bool ObjectReader::Boolean(const char* name) {
  const Napi::Value value = Get(name);
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  has_failed_ = true;
  return false;
}

double ObjectReader::Number(const char* name) { return NumberOf(Get(name)); }

std::string ObjectReader::String(const char* name) { return StringOf(Get(name)); }

std::vector<double> ObjectReader::Numbers(const char* name) {
  std::vector<double> numbers;
  ForEach(name, [&](const Napi::Value& element) { numbers.push_back(NumberOf(element)); });
  return numbers;
}

std::vector<std::string> ObjectReader::Strings(const char* name) {
  std::vector<std::string> strings;
  ForEach(name, [&](const Napi::Value& element) { strings.push_back(StringOf(element)); });
  return strings;
}

Napi::Value ObjectReader::Get(const char* name) {
  return has_failed_ ? Napi::Value() : object_.Get(name).UnwrapOr({});
}

template <typename Read>
void ObjectReader::ForEach(const char* name, Read read) {
  const Napi::Value value = Get(name);
  if (!value.IsArray()) {
    has_failed_ = true;
    return;
  }
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0, length = array.Length(); i < length; ++i) {
    read(array.Get(i).UnwrapOr({}));
  }
}

double ObjectReader::NumberOf(const Napi::Value& value) {
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  has_failed_ = true;
  return 0;
}

std::string ObjectReader::StringOf(const Napi::Value& value) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  has_failed_ = true;
  return {};
}

}  // namespace spillway
