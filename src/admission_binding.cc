#include "admission_binding.h"

#include "admission.h"

namespace {

using spillway::Admission;
using spillway::ClassLimit;
using spillway::Outcome;

uint64_t Ns(const Napi::Value& value) {
  return static_cast<uint64_t>(value.As<Napi::Number>().DoubleValue());
}

uint8_t Id(const Napi::Value& value) {
  return static_cast<uint8_t>(value.As<Napi::Number>().Uint32Value());
}

class AdmissionBinding final : public Napi::ObjectWrap<AdmissionBinding> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Admission",
                       {InstanceMethod<&AdmissionBinding::Arrive>("arrive"),
                        InstanceMethod<&AdmissionBinding::Depart>("depart"),
                        InstanceMethod<&AdmissionBinding::Turn>("turn"),
                        InstanceMethod<&AdmissionBinding::Snapshot>("snapshot"),
                        InstanceMethod<&AdmissionBinding::SnapshotOf>("snapshotOf")});
  }

  // { maxDelayNs, maxInFlight, tickNs }
  explicit AdmissionBinding(const Napi::CallbackInfo& info)
      : ObjectWrap(info), law_(OptionsFrom(info[0].As<Napi::Object>())) {}

 private:
  static Admission::Options OptionsFrom(Napi::Object options) {
    return {Ns(options.Get("maxDelayNs")),
            options.Get("maxInFlight").As<Napi::Number>().Uint32Value(), Ns(options.Get("tickNs"))};
  }

  Napi::Value Arrive(const Napi::CallbackInfo& info) {
    const auto verdict = law_.Arrive(Ns(info[0]), Id(info[1]), Ns(info[2]));
    return Napi::Number::New(info.Env(), static_cast<int>(verdict));
  }

  void Depart(const Napi::CallbackInfo& info) {
    law_.Depart(Ns(info[0]), Id(info[1]), Ns(info[2]), static_cast<Outcome>(Id(info[3])));
  }

  void Turn(const Napi::CallbackInfo& info) { law_.OnTurn(Ns(info[0]), Ns(info[1])); }

  Napi::Value Snapshot(const Napi::CallbackInfo& info) {
    auto object = Napi::Object::New(info.Env());
    object["standing"] = law_.queue().standing();
    object["waitLimitNs"] = static_cast<double>(law_.queue().limitNs(Ns(info[0])));
    object["inFlight"] = law_.inFlight();
    object["rate"] = law_.rate();
    object["utilization"] = law_.utilization();
    return object;
  }

  Napi::Value SnapshotOf(const Napi::CallbackInfo& info) {
    const ClassLimit& limit = law_.of(Id(info[0]));
    auto object = Napi::Object::New(info.Env());
    object["inFlight"] = limit.inFlight();
    object["cap"] = limit.cap();
    object["burst"] = limit.burst();
    object["enforcing"] = limit.enforcing();
    object["probing"] = limit.probing();
    object["capacity"] = limit.capacity();
    object["rate"] = limit.rate() * 1e9;
    object["demand"] = limit.demand();
    object["share"] = limit.share();
    object["baselineNs"] = limit.BaselineNs();
    return object;
  }

  Admission law_;
};

}  // namespace

Napi::Object InitAdmission(Napi::Env env, Napi::Object exports) {
  exports.Set("Admission", AdmissionBinding::Define(env));
  return exports;
}
