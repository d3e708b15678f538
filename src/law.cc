// The admission law as JavaScript holds it. Times that cross are in ns; classes are whole numbers
// from 0 to 255.

#include "law.h"

#include <uv.h>

#include <new>
#include <utility>

#include "js_call.h"
#include "js_object.h"

namespace spillway {
namespace {

constexpr double kNsPerSecond = 1e9;

/// A law, and its place among the live ones. Every function of the JavaScript object owns a share.
class Law final {
 public:
  Law(const Admission::Options& options, std::shared_ptr<LiveLaws> live)
      : admission(options), live_(std::move(live)) {
    if (live_) live_->Add(&admission);
  }
  ~Law() {
    if (live_) live_->Remove(&admission);
  }
  Law(const Law&) = delete;
  Law& operator=(const Law&) = delete;

  uint64_t Now() const { return live_ ? live_->Now() : uv_hrtime(); }

  Admission admission;

 private:
  const std::shared_ptr<LiveLaws> live_;
};

using Share = std::shared_ptr<Law>;

template <size_t N>
class Call final {
 public:
  Call(napi_env env, napi_callback_info info) : call_(env, info) {}
  explicit operator bool() const { return static_cast<bool>(call_); }
  Admission* operator->() const { return &(*call_.self())->admission; }
  [[nodiscard]] uint64_t Now() const { return (*call_.self())->Now(); }
  [[nodiscard]] uint64_t Ns(size_t index) const { return static_cast<uint64_t>(call_[index]); }
  [[nodiscard]] uint8_t Id(size_t index) const { return static_cast<uint8_t>(call_[index]); }
  [[nodiscard]] uint32_t Count(size_t index) const { return static_cast<uint32_t>(call_[index]); }

 private:
  const JsCall<Share, N> call_;
};

// enter(class, wait) -> the moment, to be given to leave(); or, refused, minus the verdict
napi_value Enter(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  if (!call) return nullptr;
  const uint64_t now = call.Now();
  const Verdict verdict = call->Arrive(now, call.Id(0), call.Ns(1));
  const bool admitted = verdict == Verdict::kAdmit;
  return JsNumber(env, admitted ? static_cast<double>(now) : -static_cast<double>(verdict));
}

// leave(class, entered, outcome)
napi_value Leave(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  if (call) call->Depart(call.Now(), call.Id(0), call.Ns(1), static_cast<Outcome>(call.Id(2)));
  return nullptr;
}

// forget(class) -> whether it could be: none of it is in flight
napi_value Forget(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  return call ? JsBoolean(env, call->Forget(call.Id(0))) : nullptr;
}

// The same with the time as an argument, for a simulation: arrive(now, class, wait) -> verdict
napi_value Arrive(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  if (!call) return nullptr;
  return JsNumber(env, static_cast<double>(call->Arrive(call.Ns(0), call.Id(1), call.Ns(2))));
}

// depart(now, class, entered, outcome)
napi_value Depart(napi_env env, napi_callback_info info) {
  const Call<4> call(env, info);
  if (call) call->Depart(call.Ns(0), call.Id(1), call.Ns(2), static_cast<Outcome>(call.Id(3)));
  return nullptr;
}

// turn(now, busy)
napi_value Turn(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  if (call) call->OnTurn(call.Ns(0), call.Ns(1));
  return nullptr;
}

// spilled(count)
napi_value Spilled(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (call) call->Spilled(call.Count(0));
  return nullptr;
}

// queued(length)
napi_value Queued(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (call) call->Queued(call.Count(0));
  return nullptr;
}

// excess(now, length) -> how many of so many that wait to be accepted are to be refused
napi_value Excess(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  return call ? JsNumber(env, call->Excess(call.Ns(0), call.Count(1))) : nullptr;
}

// waitLimit(now) -> ns a request may have waited; now 0 is the present
napi_value WaitLimit(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (!call) return nullptr;
  const uint64_t now = call.Ns(0) > 0 ? call.Ns(0) : call.Now();
  return JsNumber(env, static_cast<double>(call->queue().LimitNs(now)));
}

// inFlightOf(class) -> admitted and not yet left
napi_value InFlightOf(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  return call ? JsNumber(env, call->limit(call.Id(0)).inFlight()) : nullptr;
}

// snapshot() -> the figures of the whole; rates are per second
napi_value Snapshot(napi_env env, napi_callback_info info) {
  const Call<0> call(env, info);
  if (!call) return nullptr;
  return JsObject(env, {{"standing", JsBoolean(env, call->queue().standing())},
                        {"inFlight", JsNumber(env, call->inFlight())},
                        {"arrivalRate", JsNumber(env, call->arrivalRate() * kNsPerSecond)},
                        {"rate", JsNumber(env, call->rate() * kNsPerSecond)},
                        {"utilization", JsNumber(env, call->utilization())}});
}

// snapshotOf(class) -> its figures; rates are per second
napi_value SnapshotOf(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (!call) return nullptr;
  const ClassLimit& limit = call->limit(call.Id(0));
  return JsObject(env, {{"inFlight", JsNumber(env, limit.inFlight())},
                        {"enforcing", JsBoolean(env, limit.enforcing())},
                        {"probing", JsBoolean(env, limit.probing())},
                        {"cap", JsNumber(env, limit.cap())},
                        {"burst", JsNumber(env, limit.burst())},
                        {"arrivalRate", JsNumber(env, limit.arrivalRate() * kNsPerSecond)},
                        {"rate", JsNumber(env, limit.rate() * kNsPerSecond)},
                        {"capacity", JsNumber(env, limit.capacity() * kNsPerSecond)},
                        {"baselineNs", JsNumber(env, limit.BaselineNs())},
                        {"costNs", JsNumber(env, call->costNs(call.Id(0)))},
                        {"light", JsBoolean(env, call->light(call.Id(0)))}});
}

bool Wrap(napi_env env, napi_value object, const Share& law) {
  auto* share = new (std::nothrow) Share(law);
  if (share == nullptr) return false;
  const auto drop = [](napi_env, void* data, void*) { delete static_cast<Share*>(data); };
  if (napi_wrap(env, object, share, drop, nullptr, nullptr) == napi_ok) return true;
  delete share;
  return false;
}

}  // namespace

std::shared_ptr<Admission> LawOf(napi_env env, napi_value law) {
  void* share = nullptr;
  if (napi_unwrap(env, law, &share) != napi_ok) return nullptr;
  const auto& owner = *static_cast<Share*>(share);
  return {owner, &owner->admission};
}

napi_value CreateLaw(napi_env env, napi_callback_info info) {
  const JsCall<std::shared_ptr<LiveLaws>, 5> call(env, info);
  if (!call) return nullptr;
  const Admission::Options options{static_cast<uint64_t>(call[0]), static_cast<uint32_t>(call[1]),
                                   static_cast<uint64_t>(call[2]), call[3] != 0};
  const auto law = std::make_shared<Law>(options, call[4] != 0 ? *call.self() : nullptr);
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  const bool complete = Wrap(env, object, law) && AddFunction(env, object, "enter", Enter, law) &&
                        AddFunction(env, object, "leave", Leave, law) &&
                        AddFunction(env, object, "forget", Forget, law) &&
                        AddFunction(env, object, "arrive", Arrive, law) &&
                        AddFunction(env, object, "depart", Depart, law) &&
                        AddFunction(env, object, "turn", Turn, law) &&
                        AddFunction(env, object, "spilled", Spilled, law) &&
                        AddFunction(env, object, "queued", Queued, law) &&
                        AddFunction(env, object, "excess", Excess, law) &&
                        AddFunction(env, object, "waitLimit", WaitLimit, law) &&
                        AddFunction(env, object, "inFlightOf", InFlightOf, law) &&
                        AddFunction(env, object, "snapshot", Snapshot, law) &&
                        AddFunction(env, object, "snapshotOf", SnapshotOf, law);
  return complete ? object : nullptr;
}

}  // namespace spillway
