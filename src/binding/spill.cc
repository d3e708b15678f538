// A spill as JavaScript holds it.

#include "binding/spill.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accept_queue/http_head.h"
#include "accept_queue/spill.h"
#include "binding/controller.h"
#include "binding/js_call.h"
#include "binding/js_object.h"
#include "os/early_socket.h"

namespace spillway {
namespace {

constexpr double kNsPerMs = 1e6;

/// Calls `deliver(count, refused, longestWaitMs, retryAfter)`, after it has put the descriptors of
/// `count` connections into `slots`, an Int32Array. JavaScript writes kTaken into a slot as soon as
/// the descriptor is its own. `takesWebSockets()` -> boolean is asked in the middle of a turn.
class JsReceiver final : public SpillReceiver {
 public:
  /// Null if the environment is ending, or the slots are too few.
  static std::unique_ptr<JsReceiver> New(napi_env env, napi_value slots, napi_value deliver,
                                         napi_value takes_web_sockets, bool wants_refusals) {
    size_t length = 0;
    if (napi_get_typedarray_info(env, slots, nullptr, &length, nullptr, nullptr, nullptr) !=
            napi_ok ||
        length < SpillBatch::kMostHandedOver) {
      return nullptr;
    }
    auto receiver = std::unique_ptr<JsReceiver>(new (std::nothrow) JsReceiver(env, wants_refusals));
    if (receiver == nullptr) return nullptr;
    if (napi_create_reference(env, slots, 1, &receiver->slots_) != napi_ok ||
        napi_create_reference(env, deliver, 1, &receiver->deliver_) != napi_ok ||
        napi_create_reference(env, takes_web_sockets, 1, &receiver->takes_web_sockets_) !=
            napi_ok) {
      receiver->Release();
      return nullptr;
    }
    return receiver;
  }

  bool WantsRefusals() const override { return wants_refusals_; }

  bool TakesWebSockets() override {
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
    const bool takes = Ask(takes_web_sockets_);
    napi_close_handle_scope(env_, scope);
    return takes;
  }

  void Deliver(SpillBatch* turn) override {
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
    Call(turn);
    napi_close_handle_scope(env_, scope);
  }

  // Not in the destructor: that may run when the environment is gone, and its references with it.
  void Release() override {
    for (napi_ref* reference : {&slots_, &deliver_, &takes_web_sockets_}) {
      if (*reference != nullptr) napi_delete_reference(env_, *reference);
      *reference = nullptr;
    }
  }

 private:
  JsReceiver(napi_env env, bool wants_refusals) : env_(env), wants_refusals_(wants_refusals) {}

  void Call(SpillBatch* turn) {
    // The handles keep both alive, though JavaScript may close the spill.
    napi_value slots = nullptr;
    napi_value deliver = nullptr;
    napi_value global = nullptr;
    void* data = nullptr;
    if (napi_get_reference_value(env_, slots_, &slots) != napi_ok ||
        napi_get_reference_value(env_, deliver_, &deliver) != napi_ok ||
        napi_get_global(env_, &global) != napi_ok ||
        napi_get_typedarray_info(env_, slots, nullptr, nullptr, &data, nullptr, nullptr) !=
            napi_ok) {
      return;
    }
    napi_value arguments[] = {JsNumber(env_, static_cast<double>(turn->handed_over)),
                              JsNumber(env_, turn->refused),
                              JsNumber(env_, static_cast<double>(turn->longest_wait) / kNsPerMs),
                              JsNumber(env_, turn->retry_after)};
    const napi_value none = JsNumber(env_, 0);
    for (const napi_value argument : arguments) {
      if (argument == nullptr) return;
    }
    auto* const fds = static_cast<int32_t*>(data);
    std::copy_n(turn->fds.begin(), turn->handed_over, fds);
    const auto waiting = [&] {
      return turn->handed_over -
             static_cast<size_t>(std::count(fds, fds + turn->handed_over, SpillBatch::kTaken));
    };
    // A listener that throws ends one hand-over, not those behind it.
    for (size_t before = waiting();; before = waiting()) {
      const napi_status status = napi_make_callback(env_, nullptr, global, deliver,
                                                    std::size(arguments), arguments, nullptr);
      if (status == napi_ok) break;
      ReportException();
      arguments[1] = none;
      if (waiting() == 0 || waiting() == before) break;
    }
    std::copy_n(fds, turn->handed_over, turn->fds.begin());
  }

  // Calls a function of this package. It throws only while a worker is being terminated, and then
  // the exception is dropped.
  bool Ask(napi_ref function) {
    napi_value callee = nullptr;
    napi_value global = nullptr;
    napi_value result = nullptr;
    napi_value exception = nullptr;
    bool answer = false;
    if (napi_get_reference_value(env_, function, &callee) != napi_ok ||
        napi_get_global(env_, &global) != napi_ok) {
      return false;
    }
    if (napi_call_function(env_, global, callee, 0, nullptr, &result) != napi_ok) {
      (void)napi_get_and_clear_last_exception(env_, &exception);
      return false;
    }
    return napi_get_value_bool(env_, result, &answer) == napi_ok && answer;
  }

  // As if the loop had called: to 'uncaughtException', or the end of the process.
  void ReportException() {
    bool is_pending = false;
    napi_value exception = nullptr;
    if (napi_is_exception_pending(env_, &is_pending) != napi_ok || !is_pending) return;
    if (napi_get_and_clear_last_exception(env_, &exception) != napi_ok) return;
    napi_fatal_exception(env_, exception);
  }

  const napi_env env_;
  const bool wants_refusals_;
  napi_ref slots_ = nullptr;
  napi_ref deliver_ = nullptr;
  napi_ref takes_web_sockets_ = nullptr;
};

std::optional<std::string> ReadString(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return std::nullopt;
  std::string text(length, '\0');
  if (napi_get_value_string_utf8(env, value, text.data(), length + 1, nullptr) != napi_ok) {
    return std::nullopt;
  }
  return text;
}

std::optional<std::vector<std::string>> ReadStrings(napi_env env, napi_value array) {
  uint32_t length = 0;
  if (napi_get_array_length(env, array, &length) != napi_ok) return std::nullopt;
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    if (napi_get_element(env, array, i, &element) != napi_ok) return std::nullopt;
    std::optional<std::string> text = ReadString(env, element);
    if (!text) return std::nullopt;
    strings.push_back(std::move(*text));
  }
  return strings;
}

napi_value JsArray(napi_env env, const std::vector<int>& numbers) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, numbers.size(), &array) != napi_ok) return nullptr;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const napi_value number = JsNumber(env, numbers[i]);
    if (number == nullptr ||
        napi_set_element(env, array, static_cast<uint32_t>(i), number) != napi_ok) {
      return nullptr;
    }
  }
  return array;
}

template <size_t N>
struct Arguments {
  napi_value values[N] = {};
  void* data = nullptr;

  bool Read(napi_env env, napi_callback_info info) {
    size_t count = N;
    return napi_get_cb_info(env, info, &count, values, nullptr, &data) == napi_ok && count == N;
  }
};

using Call = JsSharedCall<Spill, 0>;

// close() -> descriptors of connections that are the caller's from then on
napi_value Close(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  if (!call) return nullptr;
  const std::vector<int> fds = call->Close();
  const napi_value array = JsArray(env, fds);
  if (array == nullptr) {
    for (const int fd : fds) early_socket::Close(fd);
  }
  return array;
}

// figures() -> counts since it was made, and what is open now
napi_value Figures(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  if (!call) return nullptr;
  return JsObject(env, {{"open", JsBoolean(env, call->open())},
                        {"spilled", JsNumber(env, call->spilled())},
                        {"handedOver", JsNumber(env, call->handed_over())},
                        {"dropped", JsNumber(env, call->dropped())},
                        {"lingering", JsNumber(env, static_cast<double>(call->lingering()))}});
}

}  // namespace

napi_value CreateSpill(napi_env env, napi_callback_info info) {
  Arguments<10> arguments;
  if (!arguments.Read(env, info)) return nullptr;
  const auto& [controller_object, fd_number, exempt_array, answer_array, message_number,
               reserved_number, slots, deliver, wants, takes_web_sockets] = arguments.values;
  int32_t fd = -1;
  uint32_t message_bytes = 0;
  double first_reserved = 0;
  bool wants_refusals = false;
  std::shared_ptr<AdmissionController> controller = ControllerOf(env, controller_object);
  std::optional<std::vector<std::string>> exempt = ReadStrings(env, exempt_array);
  std::optional<std::vector<std::string>> answers = ReadStrings(env, answer_array);
  if (controller == nullptr || !exempt || !answers || answers->empty() ||
      napi_get_value_int32(env, fd_number, &fd) != napi_ok ||
      napi_get_value_uint32(env, message_number, &message_bytes) != napi_ok ||
      napi_get_value_double(env, reserved_number, &first_reserved) != napi_ok ||
      napi_get_value_bool(env, wants, &wants_refusals) != napi_ok) {
    return nullptr;
  }
  auto receiver = JsReceiver::New(env, slots, deliver, takes_web_sockets, wants_refusals);
  if (receiver == nullptr) return nullptr;
  const auto spill =
      std::make_shared<Spill>(std::move(controller), fd,
                              Spill::Settings{PathPatterns(std::move(*exempt)), std::move(*answers),
                                              message_bytes, first_reserved},
                              std::move(receiver));
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok ||
      !AddFunction(env, object, "close", Close, spill) ||
      !AddFunction(env, object, "figures", Figures, spill)) {
    spill->Close();
    return nullptr;
  }
  (*static_cast<std::shared_ptr<Spills>*>(arguments.data))->Add(spill);
  return object;
}

napi_value ReadHead(napi_env env, napi_callback_info info) {
  Arguments<3> arguments;
  if (!arguments.Read(env, info)) return nullptr;
  const auto& [buffer, exempt_array, piece_number] = arguments.values;
  void* data = nullptr;
  size_t length = 0;
  uint32_t piece_bytes = 0;
  std::optional<std::vector<std::string>> exempt = ReadStrings(env, exempt_array);
  if (!exempt || napi_get_buffer_info(env, buffer, &data, &length) != napi_ok ||
      napi_get_value_uint32(env, piece_number, &piece_bytes) != napi_ok) {
    return nullptr;
  }
  const std::string_view bytes(static_cast<const char*>(data), length);
  const size_t step = std::max<size_t>(piece_bytes, 1);
  HttpHeadReader reader;
  HttpHead head{};
  for (size_t come = std::min(step, length);; come = std::min(come + step, length)) {
    head = reader.Read(bytes.substr(0, come));
    if (head.kind != HttpHead::Kind::kIncomplete || come == length) break;
  }
  const bool is_exempt = PathPatterns(std::move(*exempt)).Match(PathOfTarget(head.target));
  return JsObject(env, {{"kind", JsNumber(env, static_cast<double>(head.kind))},
                        {"isHead", JsBoolean(env, head.is_head)},
                        {"hasBody", JsBoolean(env, head.has_body)},
                        {"websocket", JsBoolean(env, head.websocket)},
                        {"length", JsNumber(env, static_cast<double>(head.length))},
                        {"exempt", JsBoolean(env, is_exempt)}});
}

}  // namespace spillway
