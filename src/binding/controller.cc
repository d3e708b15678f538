// The admission controller as JavaScript holds it. Times that cross are in ns; classes are whole
// numbers from 0 to 255.

#include "binding/controller.h"

#include <uv.h>

#include <new>
#include <utility>

#include "binding/js_call.h"
#include "binding/js_object.h"

namespace spillway {
namespace {

constexpr double kNsPerSecond = 1e9;

/// A controller, and its place among the live ones. Every function of the JavaScript object owns a
/// share.
class Controller final {
 public:
  Controller(const AdmissionController::Options& options, std::shared_ptr<LiveControllers> live)
      : admission(options), live_(std::move(live)) {
    if (live_) live_->Add(&admission);
  }
  ~Controller() {
    if (live_) live_->Remove(&admission);
  }
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  uint64_t Now() const { return live_ ? live_->Now() : uv_hrtime(); }

  AdmissionController admission;

 private:
  const std::shared_ptr<LiveControllers> live_;
};

using Share = std::shared_ptr<Controller>;

template <size_t N>
using Call = JsSharedCall<Controller, N>;

uint8_t Id(double number) { return static_cast<uint8_t>(number); }

// enter(class, wait, queued) -> the moment, to be given to leave(); or, refused, minus the verdict
napi_value Enter(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  if (!call) return nullptr;
  const uint64_t now = call->Now();
  const Verdict verdict = call->admission.Arrive(now, Id(call[0]), call.Ns(1), call[2] != 0);
  const bool admitted = verdict == Verdict::kAdmit;
  return JsNumber(env, admitted ? static_cast<double>(now) : -static_cast<double>(verdict));
}

// leave(class, entered, outcome); entered 0: it was refused, and let in all the same
napi_value Leave(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  if (!call) return nullptr;
  const auto outcome = static_cast<Outcome>(call[2]);
  call->admission.Depart(call->Now(), Id(call[0]), call.Ns(1), outcome);
  return nullptr;
}

// forget(class) -> whether it could be: none of it is present
napi_value Forget(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  return call ? JsBoolean(env, call->admission.Forget(Id(call[0]))) : nullptr;
}

// split(class, share): it was part of class 0 until now, and asks for this share of its requests
napi_value Split(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  if (call) call->admission.Split(Id(call[0]), call[1]);
  return nullptr;
}

// The same with the time as an argument, for a simulation: arrive(now, class, wait, queued)
// -> verdict
napi_value Arrive(napi_env env, napi_callback_info info) {
  const Call<4> call(env, info);
  if (!call) return nullptr;
  const Verdict verdict = call->admission.Arrive(call.Ns(0), Id(call[1]), call.Ns(2), call[3] != 0);
  return JsNumber(env, static_cast<double>(verdict));
}

// depart(now, class, entered, outcome)
napi_value Depart(napi_env env, napi_callback_info info) {
  const Call<4> call(env, info);
  if (!call) return nullptr;
  const auto outcome = static_cast<Outcome>(call[3]);
  call->admission.Depart(call.Ns(0), Id(call[1]), call.Ns(2), outcome);
  return nullptr;
}

// turn(now, busy)
napi_value Turn(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  if (call) call->admission.OnTurn(call.Ns(0), call.Ns(1));
  return nullptr;
}

// spilled(count)
napi_value Spilled(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (call) call->admission.Spilled(call.Count(0));
  return nullptr;
}

// queued(length)
napi_value Queued(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (call) call->admission.Queued(call.Count(0));
  return nullptr;
}

// excess(now, length) -> how many of so many that wait to be accepted are to be refused
napi_value Excess(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  return call ? JsNumber(env, call->admission.Excess(call.Ns(0), call.Count(1))) : nullptr;
}

// waitLimit(now) -> ns a request may have waited; now 0 is the present
napi_value WaitLimit(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (!call) return nullptr;
  const uint64_t now = call.Ns(0) > 0 ? call.Ns(0) : call->Now();
  return JsNumber(env, static_cast<double>(call->admission.queue().LimitNs(now)));
}

// inFlightOf(class) -> admitted and not yet left
napi_value InFlightOf(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  return call ? JsNumber(env, call->admission.limit(Id(call[0])).inFlight()) : nullptr;
}

// snapshot() -> the figures of the whole; rates are per second
napi_value Snapshot(napi_env env, napi_callback_info info) {
  const Call<0> call(env, info);
  if (!call) return nullptr;
  const AdmissionController& controller = call->admission;
  return JsObject(env, {{"standing", JsBoolean(env, controller.queue().standing())},
                        {"inFlight", JsNumber(env, controller.inFlight())},
                        {"arrivalRate", JsNumber(env, controller.arrivalRate() * kNsPerSecond)},
                        {"rate", JsNumber(env, controller.rate() * kNsPerSecond)},
                        {"utilization", JsNumber(env, controller.utilization())}});
}

// snapshotOf(class) -> its figures; rates are per second
napi_value SnapshotOf(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (!call) return nullptr;
  const AdmissionController& controller = call->admission;
  const uint8_t id = Id(call[0]);
  const ClassLimit& limit = controller.limit(id);
  const ClassLimit& holder = controller.holder(id);
  return JsObject(env, {{"inFlight", JsNumber(env, limit.inFlight())},
                        {"enforcing", JsBoolean(env, holder.enforcing())},
                        {"probing", JsBoolean(env, holder.probing())},
                        {"cap", JsNumber(env, holder.cap())},
                        {"burst", JsNumber(env, limit.burst())},
                        {"arrivalRate", JsNumber(env, limit.arrivalRate() * kNsPerSecond)},
                        {"rate", JsNumber(env, limit.rate() * kNsPerSecond)},
                        {"capacity", JsNumber(env, limit.capacity() * kNsPerSecond)},
                        {"noLoadNs", JsNumber(env, limit.NoLoadNs())},
                        {"longestNs", JsNumber(env, limit.longestNs())},
                        {"costNs", JsNumber(env, controller.costNs(id))},
                        {"light", JsBoolean(env, controller.light(id))}});
}

bool Wrap(napi_env env, napi_value object, const Share& controller) {
  auto* share = new (std::nothrow) Share(controller);
  if (share == nullptr) return false;
  const auto drop = [](napi_env, void* data, void*) { delete static_cast<Share*>(data); };
  if (napi_wrap(env, object, share, drop, nullptr, nullptr) == napi_ok) return true;
  delete share;
  return false;
}

}  // namespace

std::shared_ptr<AdmissionController> ControllerOf(napi_env env, napi_value controller) {
  void* share = nullptr;
  if (napi_unwrap(env, controller, &share) != napi_ok) return nullptr;
  const auto& owner = *static_cast<Share*>(share);
  return {owner, &owner->admission};
}

napi_value CreateController(napi_env env, napi_callback_info info) {
  const JsCall<std::shared_ptr<LiveControllers>, 5> call(env, info);
  if (!call) return nullptr;
  const AdmissionController::Options options{call.Ns(0), call.Count(1), call.Ns(2), call[3] != 0};
  const auto controller =
      std::make_shared<Controller>(options, call[4] != 0 ? *call.self() : nullptr);
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  const bool complete = Wrap(env, object, controller) &&
                        AddFunction(env, object, "enter", Enter, controller) &&
                        AddFunction(env, object, "leave", Leave, controller) &&
                        AddFunction(env, object, "forget", Forget, controller) &&
                        AddFunction(env, object, "split", Split, controller) &&
                        AddFunction(env, object, "arrive", Arrive, controller) &&
                        AddFunction(env, object, "depart", Depart, controller) &&
                        AddFunction(env, object, "turn", Turn, controller) &&
                        AddFunction(env, object, "spilled", Spilled, controller) &&
                        AddFunction(env, object, "queued", Queued, controller) &&
                        AddFunction(env, object, "excess", Excess, controller) &&
                        AddFunction(env, object, "waitLimit", WaitLimit, controller) &&
                        AddFunction(env, object, "inFlightOf", InFlightOf, controller) &&
                        AddFunction(env, object, "snapshot", Snapshot, controller) &&
                        AddFunction(env, object, "snapshotOf", SnapshotOf, controller);
  return complete ? object : nullptr;
}

}  // namespace spillway
