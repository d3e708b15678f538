// JavaScript's interface to a spill.

#include <uv.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accept_queue/http_head.h"
#include "accept_queue/spill.h"
#include "binding/call.h"
#include "binding/controller.h"
#include "binding/descriptors.h"
#include "binding/environment.h"
#include "binding/object.h"
#include "binding/object_reader.h"
#include "binding/spill.h"
#include "os/early_socket.h"

namespace spillway {
namespace {

/// Puts the descriptors of `count` connections into `slots`, an Int32Array, and calls
/// `deliver(count, refused, longestWaitMs, retryAfter)`. JavaScript writes kTaken into a slot as
/// soon as it owns the descriptor. `takesWebSockets()` -> boolean is called during a turn's kAct.
class JsReceiver final : public SpillReceiver {
 public:
  JsReceiver(Napi::Int32Array slots, Napi::Function deliver, Napi::Function takes_web_sockets,
             bool wants_refusals)
      : env_(slots.Env()),
        wants_refusals_(wants_refusals),
        slots_(Napi::Reference<Napi::Int32Array>::New(slots, 1)),
        deliver_(Napi::Persistent(deliver)),
        takes_web_sockets_(Napi::Persistent(takes_web_sockets)) {}

  bool WantsRefusals() const override { return wants_refusals_; }

  // The JavaScript function belongs to this package. It throws only while a worker is being
  // terminated; that exception is dropped.
  bool TakesWebSockets() override {
    const Napi::HandleScope scope(env_);
    const Napi::Value answer = takes_web_sockets_.Value().Call(0, nullptr).UnwrapOr({});
    if (!answer.IsEmpty()) return answer.As<Napi::Boolean>().Value();
    if (env_.IsExceptionPending()) static_cast<void>(env_.GetAndClearPendingException());
    return false;
  }

  void Deliver(SpillBatch* batch) override {
    const Napi::HandleScope scope(env_);
    // JavaScript may close the spill meanwhile; the handles keep both objects alive.
    Napi::Int32Array slots = slots_.Value();
    const Napi::Function deliver = deliver_.Value();
    napi_value arguments[] = {
        Napi::Number::New(env_, static_cast<double>(batch->handed_over)),
        Napi::Number::New(env_, batch->refused),
        Napi::Number::New(env_, static_cast<double>(batch->longest_wait) / kNsPerMs),
        Napi::Number::New(env_, batch->retry_after)};
    const napi_value none = Napi::Number::New(env_, 0);
    int32_t* const fds = slots.Data();
    std::copy_n(batch->fds.begin(), batch->handed_over, fds);
    const auto waiting = [&] {
      return batch->handed_over -
             static_cast<size_t>(std::count(fds, fds + batch->handed_over, SpillBatch::kTaken));
    };
    // A listener that throws interrupts `deliver`, which is called again for the remaining
    // connections.
    for (size_t before = waiting();; before = waiting()) {
      const napi_status status = napi_make_callback(env_, nullptr, env_.Global(), deliver,
                                                    std::size(arguments), arguments, nullptr);
      if (status == napi_ok) break;
      ReportException();
      arguments[1] = none;
      if (waiting() == 0 || waiting() == before) break;
    }
    std::copy_n(fds, batch->handed_over, batch->fds.begin());
  }

  // Not in the destructor: the environment, and its references with it, may be gone by then.
  void Release() override {
    slots_.Reset();
    deliver_.Reset();
    takes_web_sockets_.Reset();
  }

 private:
  // Treats the exception like any exception in a callback of the event loop: it goes to
  // 'uncaughtException', or ends the process. Calls Node-API directly, as Deliver() does, because
  // Napi::Error looks up properties of the exception, which can run user code (a Proxy's traps).
  void ReportException() {
    napi_value exception = nullptr;
    if (!env_.IsExceptionPending()) return;
    if (napi_get_and_clear_last_exception(env_, &exception) != napi_ok) return;
    static_cast<void>(napi_fatal_exception(env_, exception));
  }

  const Napi::Env env_;
  const bool wants_refusals_;
  Napi::Reference<Napi::Int32Array> slots_;
  Napi::FunctionReference deliver_;
  Napi::FunctionReference takes_web_sockets_;
};

PriorityRule ReadPriorityRule(ObjectReader* reader) {
  std::vector<Priority> levels;
  for (const double number : reader->Numbers("levels"))
    levels.push_back(static_cast<Priority>(number));
  std::vector<AddressRange> trusted;
  for (const std::string& text : reader->Strings("trusted")) {
    if (const auto range = AddressRange::Parse(text)) trusted.push_back(*range);
  }
  return {PathPatterns(reader->Strings("paths")), std::move(levels), reader->String("header"),
          std::move(trusted)};
}

Spill& Get(const Napi::CallbackInfo& info) { return *Self<std::shared_ptr<Spill>>(info); }

// close() -> descriptors of connections, which the caller owns from then on
Napi::Value Close(const Napi::CallbackInfo& info) {
  return GiveDescriptors(info.Env(), Get(info).Close());
}

// figures() -> counts since the spill was created, and what is open now
Napi::Value Figures(const Napi::CallbackInfo& info) {
  const Spill& spill = Get(info);
  return ObjectBuilder(info.Env())
      .SetBoolean("open", spill.Open())
      .SetNumber("spilled", spill.Spilled(Spill::Protocol::kHttp1))
      .SetNumber("handshakes", spill.Spilled(Spill::Protocol::kTls))
      .SetNumber("handedOver", spill.HandedOver())
      .SetNumber("dropped", spill.Dropped())
      .SetNumber("lingeringCloses", static_cast<double>(spill.OpenLingeringCloses()))
      .Build();
}

}  // namespace

// createSpill(controller, settings, slots, deliver, takesWebSockets)
Napi::Value CreateSpill(const Napi::CallbackInfo& info) {
  std::shared_ptr<AdmissionController> controller = ControllerOf(info[0].As<Napi::Object>());
  const auto slots = info[2].As<Napi::Int32Array>();
  const auto deliver = info[3].As<Napi::Function>();
  const auto takes_web_sockets = info[4].As<Napi::Function>();
  ObjectReader reader(info[1]);
  ObjectReader clients = reader.Object("clients");
  ObjectReader priorities = reader.Object("priorities");
  const auto fd = static_cast<int>(reader.Number("fd"));
  const bool wants_refusals = reader.Boolean("wantsRefusals");
  Spill::Settings settings{
      reader.Boolean("isTls") ? Spill::Protocol::kTls : Spill::Protocol::kHttp1,
      PathPatterns(reader.Strings("exempt")),
      {reader.Strings("answers"), static_cast<uint32_t>(reader.Number("bodyBytes"))},
      reader.Number("firstReserved"),
      {clients.String("header"), static_cast<uint32_t>(clients.Number("proxies"))},
      ReadPriorityRule(&priorities)};
  if (controller == nullptr || reader.HasFailed() || clients.HasFailed() ||
      priorities.HasFailed() || slots.ElementLength() < SpillBatch::kMostHandedOver) {
    return {};
  }
  const auto spill = std::make_shared<Spill>(
      std::move(controller), Self<Environment>(info).Monitor()->Queues().Of(fd),
      std::move(settings),
      std::make_unique<JsReceiver>(slots, deliver, takes_web_sockets, wants_refusals));
  const Napi::Object object = ObjectBuilder(info.Env())
                                  .SetFunction<Close>("close", spill)
                                  .SetFunction<Figures>("figures", spill)
                                  .Build();
  if (object.IsEmpty()) {
    spill->Close();
    return {};
  }
  Self<Environment>(info).AllSpills().Add(spill);
  return object;
}

// readHead(bytes, step, { exempt }); the head comes in pieces of `step` bytes
Napi::Value ReadHead(const Napi::CallbackInfo& info) {
  const auto buffer = info[0].As<Napi::Buffer<char>>();
  const PathPatterns exempt(ObjectReader(info[2]).Strings("exempt"));
  const std::string_view bytes(buffer.Data(), buffer.Length());
  const size_t step = std::max<size_t>(CountAt(info, 1), 1);
  HttpHeadReader reader;
  HttpHead head{};
  for (size_t come = std::min(step, bytes.size());; come = std::min(come + step, bytes.size())) {
    head = reader.Read(bytes.substr(0, come));
    if (head.kind != HttpHead::Kind::kIncomplete || come == bytes.size()) break;
  }
  return ObjectBuilder(info.Env())
      .SetNumber("kind", static_cast<double>(head.kind))
      .SetBoolean("isHead", head.is_head)
      .SetBoolean("hasBody", head.has_body)
      .SetBoolean("websocket", head.websocket)
      .SetNumber("length", static_cast<double>(head.length))
      .SetBoolean("exempt", exempt.Match(PathOfTarget(head.target)))
      .Build();
}

// readPriority(head, address, priorities)
Napi::Value ReadPriority(const Napi::CallbackInfo& info) {
  const auto buffer = info[0].As<Napi::Buffer<char>>();
  const std::string address = info[1].As<Napi::String>().Utf8Value();
  ObjectReader priorities(info[2]);
  const PriorityRule rule = ReadPriorityRule(&priorities);
  if (priorities.HasFailed()) return {};
  sockaddr_storage peer{};
  const int failed = uv_ip4_addr(address.c_str(), 0, reinterpret_cast<sockaddr_in*>(&peer));
  if (failed != 0) uv_ip6_addr(address.c_str(), 0, reinterpret_cast<sockaddr_in6*>(&peer));
  HttpHeadReader reader;
  const std::string_view bytes(buffer.Data(), buffer.Length());
  const HttpHead head = reader.Read(bytes);
  const bool is_trusted = rule.Trusts(reinterpret_cast<const sockaddr&>(peer));
  const Priority priority =
      rule.Of(PathOfTarget(head.target), bytes.substr(0, head.length), is_trusted);
  return JsNumber(info, static_cast<double>(priority));
}

}  // namespace spillway
