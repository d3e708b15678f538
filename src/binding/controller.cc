// JavaScript's interface to an admission controller. Times are in ns; classes are integers from 0
// to 255.

#include "binding/controller.h"

#include <uv.h>

#include <string>
#include <utility>

#include "binding/call.h"
#include "binding/hot_call.h"
#include "binding/object.h"
#include "binding/request_log.h"
#include "binding/sender_argument.h"
#include "binding/shared_numbers.h"
#include "loop/loop_monitor.h"
#include "loop/turns.h"

namespace spillway {
namespace {

constexpr double kNsPerSecond = 1e9;

/// An admission controller that listens to the turns of a loop. In a simulation there are no turns
/// to listen to, and `turns` is null. The functions of the JavaScript object share its ownership.
class Controller final : public TurnListener {
 public:
  Controller(const AdmissionController::Options& options, std::shared_ptr<Turns> turns)
      : tick_(options.tick_ns), admission_(options), turns_(std::move(turns)) {
    if (turns_) turns_->Add(TurnPhase::kJudge, this);
  }
  ~Controller() {
    if (turns_) turns_->Remove(TurnPhase::kJudge, this);
  }

  void OnTurn(TurnPhase /*phase*/, const Turn& turn) override {
    // As Turns::Now() does: in a turn shorter than a tick, the time at which it began is close
    // enough.
    const bool is_short = turn.ended_at - turn_began_ < tick_;
    DrainLog(is_short ? turn_began_ : turn.ended_at);
    admission_.OnTurn(turn);
    turn_began_ = turn.ended_at;
    log_.SetOpen(turn.busy < tick_ && admission_.AdmitsAll(), turn_began_);
  }
  uint64_t Now() const { return turns_ ? turns_->Now() : uv_hrtime(); }
  RequestLog& Log() { return log_; }

  /// Includes the requests that JavaScript has logged, if any. Pass the current time if the caller
  /// has it.
  AdmissionController& Admission() { return log_.IsEmpty() ? admission_ : Admission(Now()); }
  AdmissionController& Admission(uint64_t now) {
    DrainLog(now);
    return admission_;
  }
  /// For the spill, which runs when the log has just been drained.
  AdmissionController& AdmissionOfTurn() { return admission_; }

 private:
  void DrainLog(uint64_t now) {
    log_.Drain([&](const RequestLog::Entry& entry) {
      if (entry.start == 0) {
        static_cast<void>(admission_.Arrive(turn_began_, entry.id, 0, false));
      } else {
        admission_.Depart(now, entry.id, entry.start, static_cast<Outcome>(entry.outcome));
      }
    });
  }

  const uint64_t tick_;
  AdmissionController admission_;
  RequestLog log_;
  uint64_t turn_began_ = 0;
  const std::shared_ptr<Turns> turns_;
};

using Share = std::shared_ptr<Controller>;

template <size_t kCount>
using Call = HotCall<Share, kCount>;

Controller& Get(const Napi::CallbackInfo& info) { return *Self<Share>(info); }

uint8_t Id(double number) { return static_cast<uint8_t>(number); }
uint8_t IdAt(const Napi::CallbackInfo& info, size_t index) { return Id(NumberAt(info, index)); }
Outcome OutcomeAt(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<Outcome>(NumberAt(info, index));
}

// enter(class, wait, queued) -> the current time, which the caller passes to leave(); or, if the
// request must be shed, the negated verdict
Napi::Value Enter(const Call<3>& call) {
  Controller& controller = *call.Self();
  const uint64_t now = controller.Now();
  const Verdict verdict =
      controller.Admission(now).Arrive(now, Id(call.Number(0)), call.Ns(1), call.Flag(2));
  const bool admitted = verdict == Verdict::kAdmit;
  return call.JsNumber(admitted ? static_cast<double>(now) : -static_cast<double>(verdict));
}

// enterFor(class, wait, queued, client, weight, priority, patience): like enter(), for a request of
// this sender, see SenderArgument
Napi::Value EnterFor(const Napi::CallbackInfo& info) {
  Controller& controller = Get(info);
  const uint64_t now = controller.Now();
  const SenderArgument sender(info, 3);
  const Verdict verdict = controller.Admission(now).Arrive(now, IdAt(info, 0), NsAt(info, 1),
                                                           FlagAt(info, 2), sender.Get());
  const bool admitted = verdict == Verdict::kAdmit;
  return JsNumber(info, admitted ? static_cast<double>(now) : -static_cast<double>(verdict));
}

// leave(class, entered, outcome); `entered` is 0 for a request that enter() refused and a dry run
// let in
Napi::Value Leave(const Call<3>& call) {
  Controller& controller = *call.Self();
  const uint64_t now = controller.Now();
  controller.Admission(now).Depart(now, Id(call.Number(0)), call.Ns(1),
                                   static_cast<Outcome>(call.Number(2)));
  return {};
}

// drain(): the controller learns of the requests in the log, which is then empty
void DrainLog(const Napi::CallbackInfo& info) { Get(info).Admission(); }

// forget(class) -> whether the class was forgotten: not while any of its requests are in flight
Napi::Value Forget(const Napi::CallbackInfo& info) {
  return JsBoolean(info, Get(info).Admission().Forget(IdAt(info, 0)));
}

// split(class, share): separates the class from class 0. Until now, this share of the requests of
// class 0 belonged to it
void Split(const Napi::CallbackInfo& info) {
  Get(info).Admission().Split(IdAt(info, 0), NumberAt(info, 1));
}

// For simulations, which supply the time: arrive(now, class, wait, queued, client = undefined,
// weight = 1, priority = undefined, patience = undefined) -> verdict, see SenderArgument
Napi::Value Arrive(const Napi::CallbackInfo& info) {
  AdmissionController& admission = Get(info).Admission();
  const SenderArgument sender(info, 4);
  const Verdict verdict =
      admission.Arrive(NsAt(info, 0), IdAt(info, 1), NsAt(info, 2), FlagAt(info, 3), sender.Get());
  return JsNumber(info, static_cast<double>(verdict));
}

// depart(now, class, entered, outcome)
void Depart(const Napi::CallbackInfo& info) {
  Get(info).Admission().Depart(NsAt(info, 0), IdAt(info, 1), NsAt(info, 2), OutcomeAt(info, 3));
}

// turn(now, busy, queued, lost = 0)
void OnSimulatedTurn(const Napi::CallbackInfo& info) {
  const uint64_t lost = info.Length() > 3 ? NsAt(info, 3) : 0;
  Get(info).Admission().OnTurn({NsAt(info, 0), NsAt(info, 1), CountAt(info, 2), lost});
}

// spilled(count)
void Spilled(const Napi::CallbackInfo& info) { Get(info).Admission().Spilled(CountAt(info, 0)); }

// queued(length)
void Queued(const Napi::CallbackInfo& info) { Get(info).Admission().Queued(CountAt(info, 0)); }

// excess(now, length) -> how many of the `length` connections in the accept queue to refuse
Napi::Value Excess(const Napi::CallbackInfo& info) {
  return JsNumber(info, Get(info).Admission().Excess(NsAt(info, 0), CountAt(info, 1)));
}

// delayLimitNs(now) -> how long a request may have waited; a `now` of 0 stands for the current time
Napi::Value DelayLimit(const Call<1>& call) {
  Controller& controller = *call.Self();
  const uint64_t now = call.Ns(0) > 0 ? call.Ns(0) : controller.Now();
  return call.JsNumber(static_cast<double>(controller.Admission(now).Queue().LimitNs(now)));
}

// inFlightOf(class) -> the number of its requests in flight
Napi::Value InFlightOf(const Call<1>& call) {
  return call.JsNumber(call.Self()->Admission().Limit(Id(call.Number(0))).InFlight());
}

// clients(now) -> [name, share, refused, name, ...]: the clients that have lately asked for most,
// in no order; a `now` of 0 stands for the current time. Their share of what was served, and the
// share of their requests that was refused, 0 to 1
Napi::Value Clients(const Napi::CallbackInfo& info) {
  Controller& controller = Get(info);
  const auto list = Napi::Array::New(info.Env());
  FairShares* const shares = controller.Admission().Shares();
  if (!shares) return list;
  TopClients& top = shares->Top();
  const uint64_t now = NsAt(info, 0) > 0 ? NsAt(info, 0) : controller.Now();
  top.Fade(now);
  uint32_t length = 0;
  const auto add = [&](napi_value value) {
    return napi_set_element(info.Env(), list, length++, value) == napi_ok;
  };
  for (const TopClients::Entry& each : top.Entries()) {
    if (!TopClients::IsRecent(now, each)) continue;
    const double share = top.Served() > 0 ? each.served / top.Served() : 0;
    const bool added = add(Napi::String::New(info.Env(), each.name)) &&
                       add(Napi::Number::New(info.Env(), share)) &&
                       add(Napi::Number::New(info.Env(), each.refused / each.requests));
    if (!added) return {};
  }
  return list;
}

// usePriorities(): requests have priorities from now on
void UsePriorities(const Napi::CallbackInfo& info) { Get(info).Admission().UsePriorities(); }

// useDeadlines(): requests have deadlines; must be called before the first one
void UseDeadlines(const Napi::CallbackInfo& info) { Get(info).Admission().UseDeadlines(); }

// priorities() -> the parts of the loop's time that the four priorities ask for, the highest first,
// and the number of the level at which the capacity runs out; empty without priorities
Napi::Value Priorities(const Napi::CallbackInfo& info) {
  const PriorityCutoff* const cutoff = Get(info).Admission().Cutoff();
  const auto list = Napi::Array::New(info.Env());
  if (!cutoff) return list;
  for (uint32_t i = 0; i <= PriorityCutoff::kLevels; ++i) {
    const double value = i < PriorityCutoff::kLevels ? cutoff->Demand(static_cast<Priority>(i))
                                                     : static_cast<double>(cutoff->Level());
    const Napi::Number number = Napi::Number::New(info.Env(), value);
    if (napi_set_element(info.Env(), list, i, number) != napi_ok) return {};
  }
  return list;
}

// snapshot() -> the figures of all classes together; rates are per second
Napi::Value Snapshot(const Napi::CallbackInfo& info) {
  const AdmissionController& admission = Get(info).Admission();
  return ObjectBuilder(info.Env())
      .SetBoolean("queueing", admission.Queue().Stands())
      .SetNumber("queueReason", static_cast<double>(admission.Queue().Reason()))
      .SetNumber("queueSince", static_cast<double>(admission.Queue().Since()))
      .SetNumber("load", admission.Queue().Load())
      .SetNumber("inFlight", admission.InFlight())
      .SetNumber("arrivalRate", admission.ArrivalRate() * kNsPerSecond)
      .SetNumber("rate", admission.Rate() * kNsPerSecond)
      .SetNumber("utilization", admission.Utilization())
      .SetNumber("fairRate", admission.FairRate())
      .Build();
}

// snapshotOf(class) -> the figures of one class; rates are per second
Napi::Value SnapshotOf(const Napi::CallbackInfo& info) {
  const AdmissionController& admission = Get(info).Admission();
  const uint8_t id = IdAt(info, 0);
  const ClassLimit& limit = admission.Limit(id);
  const ClassLimit& holder = admission.Holder(id);
  return ObjectBuilder(info.Env())
      .SetNumber("inFlight", limit.InFlight())
      .SetNumber("state", static_cast<double>(holder.Is()))
      .SetNumber("stateReason", static_cast<double>(holder.Because()))
      .SetNumber("stateSince", static_cast<double>(holder.Since()))
      .SetNumber("cap", holder.Cap())
      .SetNumber("burst", limit.Burst())
      .SetNumber("arrivalRate", limit.ArrivalRate() * kNsPerSecond)
      .SetNumber("rate", limit.Rate() * kNsPerSecond)
      .SetNumber("capacity", limit.Capacity() * kNsPerSecond)
      .SetNumber("noLoadNs", limit.NoLoadNs())
      .SetNumber("queueNs", admission.AllowedQueueNs(id))
      .SetNumber("longestNs", limit.LongestNs())
      .SetNumber("costNs", admission.CostNs(id))
      .SetBoolean("light", admission.Light(id))
      .Build();
}

// Lets createSpill() find the controller behind the object. Calls Node-API directly: node-addon-api
// can wrap only instances of a class (Napi::ObjectWrap), and Node 20 leaks the memory of a
// Napi::External when the environment ends.
bool Wrap(Napi::Object object, const Share& controller) {
  auto share = std::make_unique<Share>(controller);
  const auto drop = [](napi_env, void* data, void*) { delete static_cast<Share*>(data); };
  if (napi_wrap(object.Env(), object, share.get(), drop, nullptr, nullptr) != napi_ok) return false;
  static_cast<void>(share.release());  // the object owns it
  return true;
}

}  // namespace

std::shared_ptr<AdmissionController> ControllerOf(Napi::Object object) {
  void* share = nullptr;
  if (napi_unwrap(object.Env(), object, &share) != napi_ok) return nullptr;
  const Share& owner = *static_cast<Share*>(share);
  return {owner, &owner->AdmissionOfTurn()};
}

Napi::Value CreateController(const Napi::CallbackInfo& info) {
  const AdmissionController::Options options{NsAt(info, 0), CountAt(info, 1), NsAt(info, 2),
                                             FlagAt(info, 3), NsAt(info, 5)};
  const bool live = FlagAt(info, 4);
  const auto controller =
      std::make_shared<Controller>(options, live ? Self<LoopMonitor>(info).SharedTurns() : nullptr);
  const Napi::Object object =
      ObjectBuilder(info.Env())
          .SetFunction<Enter>("enter", controller)
          .SetFunction<EnterFor>("enterFor", controller)
          .SetFunction<Leave>("leave", controller)
          .SetFunction<DrainLog>("drain", controller)
          .Set("log", SharedNumbers::ToJs(info.Env(), controller->Log().Memory()))
          .SetFunction<Forget>("forget", controller)
          .SetFunction<Split>("split", controller)
          .SetFunction<Arrive>("arrive", controller)
          .SetFunction<Depart>("depart", controller)
          .SetFunction<OnSimulatedTurn>("turn", controller)
          .SetFunction<Spilled>("spilled", controller)
          .SetFunction<Queued>("queued", controller)
          .SetFunction<Excess>("excess", controller)
          .SetFunction<DelayLimit>("delayLimitNs", controller)
          .SetFunction<InFlightOf>("inFlightOf", controller)
          .SetFunction<Snapshot>("snapshot", controller)
          .SetFunction<Clients>("clients", controller)
          .SetFunction<UsePriorities>("usePriorities", controller)
          .SetFunction<UseDeadlines>("useDeadlines", controller)
          .SetFunction<Priorities>("priorities", controller)
          .SetFunction<SnapshotOf>("snapshotOf", controller)
          .Build();
  if (object.IsEmpty() || !Wrap(object, controller)) return {};
  return object;
}

}  // namespace spillway
