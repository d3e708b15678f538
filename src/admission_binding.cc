#include "admission_binding.h"

#include "admission.h"

namespace {

using spillway::Admission;
using spillway::ClassLimit;
using spillway::Outcome;

constexpr double kNsPerSecond = 1e9;

double Number(const Napi::Value& value) { return value.As<Napi::Number>().DoubleValue(); }

uint64_t Ns(const Napi::Value& value) { return static_cast<uint64_t>(Number(value)); }

uint32_t Integer(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

uint8_t Id(const Napi::Value& value) { return static_cast<uint8_t>(Integer(value)); }

// JavaScript has checked every argument. Times are numbers of ns, classes integers from 0 to 255.
class AdmissionBinding final : public Napi::ObjectWrap<AdmissionBinding> {
 public:
  static Napi::Function Define(Napi::Env env) { return DefineClass(env, "Admission", {}); }

  // { maxDelayNs, maxInFlight, tickNs, observe }
  explicit AdmissionBinding(const Napi::CallbackInfo& info)
      : ObjectWrap(info), law_(OptionsFrom(info[0].As<Napi::Object>())) {
    Napi::Object self = info.This().As<Napi::Object>();
    Bind<&AdmissionBinding::Arrive>(self, "arrive");
    Bind<&AdmissionBinding::Depart>(self, "depart");
    Bind<&AdmissionBinding::Turn>(self, "turn");
    Bind<&AdmissionBinding::Spilled>(self, "spilled");
    Bind<&AdmissionBinding::Snapshot>(self, "snapshot");
    Bind<&AdmissionBinding::SnapshotOf>(self, "snapshotOf");
  }

  Admission& law() { return law_; }

 private:
  using Method = Napi::Value (AdmissionBinding::*)(const Napi::CallbackInfo&);

  // A function that carries its object finds it in half the time that a method needs to unwrap
  // `this`. It keeps it alive too.
  template <Method method>
  static Napi::Value Call(const Napi::CallbackInfo& info) {
    return (static_cast<AdmissionBinding*>(info.Data())->*method)(info);
  }

  template <Method method>
  void Bind(Napi::Object self, const char* name) {
    auto function = Napi::Function::New<&Call<method>>(Env(), name, this);
    function.Set("owner", self);
    self.Set(name, function);
  }

  static Admission::Options OptionsFrom(Napi::Object options) {
    Admission::Options parsed{};
    parsed.maxDelayNs = Ns(options.Get("maxDelayNs"));
    parsed.maxInFlight = Integer(options.Get("maxInFlight"));
    parsed.tickNs = Ns(options.Get("tickNs"));
    parsed.observe = options.Get("observe").As<Napi::Boolean>();
    return parsed;
  }

  // (now, class, wait) -> 0 let in, 1 queue delay, 2 in flight, 3 maxInFlight
  Napi::Value Arrive(const Napi::CallbackInfo& info) {
    const auto verdict = law_.Arrive(Ns(info[0]), Id(info[1]), Ns(info[2]));
    return Napi::Number::New(info.Env(), static_cast<int>(verdict));
  }

  // (now, class, start, outcome): 0 completed, 1 abandoned, 2 detached
  Napi::Value Depart(const Napi::CallbackInfo& info) {
    law_.Depart(Ns(info[0]), Id(info[1]), Ns(info[2]), static_cast<Outcome>(Id(info[3])));
    return {};
  }

  // (now, busy)
  Napi::Value Turn(const Napi::CallbackInfo& info) {
    law_.OnTurn(Ns(info[0]), Ns(info[1]));
    return {};
  }

  // (count)
  Napi::Value Spilled(const Napi::CallbackInfo& info) {
    law_.Spilled(Integer(info[0]));
    return {};
  }

  // (now) -> the gate's figures; rates are per second
  Napi::Value Snapshot(const Napi::CallbackInfo& info) {
    auto object = Napi::Object::New(info.Env());
    object["standing"] = law_.queue().standing();
    object["waitLimitNs"] = static_cast<double>(law_.queue().LimitNs(Ns(info[0])));
    object["inFlight"] = law_.inFlight();
    object["arrivalRate"] = law_.arrivalRate() * kNsPerSecond;
    object["rate"] = law_.rate() * kNsPerSecond;
    object["utilization"] = law_.utilization();
    return object;
  }

  // (class) -> its figures; rates are per second
  Napi::Value SnapshotOf(const Napi::CallbackInfo& info) {
    const uint8_t id = Id(info[0]);
    const ClassLimit& limit = law_.limit(id);
    auto object = Napi::Object::New(info.Env());
    object["inFlight"] = limit.inFlight();
    object["enforcing"] = limit.enforcing();
    object["probing"] = limit.probing();
    object["cap"] = limit.cap();
    object["burst"] = limit.burst();
    object["arrivalRate"] = limit.arrivalRate() * kNsPerSecond;
    object["rate"] = limit.rate() * kNsPerSecond;
    object["capacity"] = limit.capacity() * kNsPerSecond;
    object["baselineNs"] = limit.BaselineNs();
    object["costNs"] = law_.costNs(id);
    object["light"] = law_.light(id);
    return object;
  }

  Admission law_;
};

}  // namespace

Napi::Object InitAdmission(Napi::Env env, Napi::Object exports) {
  exports.Set("Admission", AdmissionBinding::Define(env));
  return exports;
}

spillway::Admission& AdmissionOf(Napi::Object object) {
  return AdmissionBinding::Unwrap(object)->law();
}
