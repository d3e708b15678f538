#include "binding/object.h"

namespace spillway {

ObjectBuilder& ObjectBuilder::Set(const char* name, Napi::Value value) {
  complete_ = complete_ && object_.Set(name, value).UnwrapOr(false);
  return *this;
}

ObjectBuilder& ObjectBuilder::SetNumber(const char* name, double value) {
  return Set(name, Napi::Number::New(object_.Env(), value));
}

ObjectBuilder& ObjectBuilder::SetBoolean(const char* name, bool value) {
  return Set(name, Napi::Boolean::New(object_.Env(), value));
}

}  // namespace spillway
