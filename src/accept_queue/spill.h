#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "accept_queue/hand_over_budget.h"
#include "accept_queue/http_head.h"
#include "accept_queue/lingering_closes.h"
#include "accept_queue/path_patterns.h"
#include "accept_queue/rounds.h"
#include "admission/admission_controller.h"

namespace spillway {

/// What a turn's spill has for JavaScript.
struct SpillBatch {
  /// Handing one over costs Node as much as some refusals: a few a turn, lest it take long.
  static constexpr size_t kMostHandedOver = 8;
  static constexpr int kTaken = -1;

  std::array<int, kMostHandedOver> fds{};  // whoever takes one writes kTaken in its place
  size_t handed_over = 0;
  uint32_t refused = 0;
  uint64_t longest_wait = 0;  // of the refused, ns; 0 where nobody asked for it
  uint32_t retry_after = 0;   // s, what the last of them was told
};

class SpillReceiver {
 public:
  SpillReceiver() = default;
  virtual ~SpillReceiver() = default;
  SpillReceiver(const SpillReceiver&) = delete;
  SpillReceiver& operator=(const SpillReceiver&) = delete;

  virtual bool WantsRefusals() const = 0;
  /// Whether the server would make a WebSocket of a connection now. Runs none of the user's
  /// JavaScript.
  virtual bool TakesWebSockets() = 0;
  /// Runs JavaScript, which may close the spill.
  virtual void Deliver(SpillBatch* batch) = 0;
  /// Nothing will be delivered any more.
  virtual void Release() = 0;
};

/// Refuses connections that wait to be accepted by one listening socket, as long as the admission
/// controller says that a queue stands: the oldest of those that cannot be served in time. What is
/// not a plain request it hands over as accepted while the budget for that lasts, and refuses too
/// beyond that. All times are ns.
class Spill final {
 public:
  struct Settings {
    PathPatterns exempt;
    /// Whole answers, the first with a Retry-After of one second and so on; one alone is always
    /// given. They end in a message of `message_bytes`, which the answer to HEAD leaves out.
    std::vector<std::string> answers;
    size_t message_bytes;
    /// A connection with such a descriptor, or a higher one, is not held until its request comes.
    /// Infinite where none is kept.
    double first_reserved;
  };

  /// `listening_fd` stays the caller's, who need not say when he closes it.
  Spill(std::shared_ptr<AdmissionController> controller, int listening_fd, Settings settings,
        std::unique_ptr<SpillReceiver> receiver);
  ~Spill();
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  /// To be called once a turn, before the admission controller is told of it.
  void ReportQueue(uint64_t now);
  /// To be called once a turn, after the admission controller was told of it. Takes about 1 ms at
  /// most, with what Node does for the connections handed over. May run JavaScript.
  void OnTurn(uint64_t now);
  /// Lets go of the listening socket. The connections taken from it and not dealt with are the
  /// caller's, or, without a caller, closed.
  std::vector<int> Close();
  /// The environment is ending: closes whatever is open, and runs no JavaScript.
  void Abort();

  /// It has work that will not wait until something happens on the loop.
  bool NeedsTurn() const { return !held_.Empty() || lingering_closes_.Size() > 0; }
  bool Done() const { return !open_ && lingering_closes_.Size() == 0; }

  bool Open() const { return open_; }
  double Spilled() const { return spilled_; }
  double HandedOver() const { return handed_over_; }
  double Dropped() const { return dropped_; }
  size_t OpenLingeringCloses() const { return lingering_closes_.Size(); }

 private:
  enum class Action : uint8_t { kRefuse, kRefuseAndLingerClose, kWait, kHandOver };
  /// A connection taken from the accept queue.
  struct Taken {
    int fd;
    uint64_t since;
    double excess;  // how many waited then, over how many may
    HttpHeadReader reader;
    bool is_head;    // its request is, as far as is known
    bool is_exempt;  // too
  };

  bool IsOurs() const;
  void LoseSocket();
  void ReviewHeld(uint64_t now, bool standing, SpillBatch* batch);
  void TakeOldest(uint64_t now, uint32_t count, SpillBatch* batch);
  bool HasTime(const SpillBatch& batch) const;
  double HandOverCost() const;
  Action Choose(Taken* connection);
  bool TakesWebSockets();
  void Settle(uint64_t now, const Taken& connection, Action action, SpillBatch* batch);
  void Refuse(const Taken& connection, SpillBatch* batch);
  void Deliver(SpillBatch* batch);
  void CloseHeld();

  const std::shared_ptr<AdmissionController> controller_;
  const int listening_fd_;
  const uint64_t identity_;
  const Settings settings_;
  const std::unique_ptr<SpillReceiver> receiver_;
  bool open_ = true;
  uint32_t queued_ = 0;
  uint64_t queue_read_at_ = 0;

  uint64_t turn_at_ = 0;
  uint64_t turn_begun_ = 0;                  // by the clock, as `now` may be earlier
  std::optional<bool> takes_web_sockets_{};  // in this turn
  bool is_delivering_ = false;
  // Apart, so that a flood of what nobody can read does not take the room of health checks.
  HandOverBudget exempt_budget_{SpillBatch::kMostHandedOver};
  HandOverBudget other_budget_{SpillBatch::kMostHandedOver};
  Rounds<Taken> held_;  // whose request has not come
  LingeringCloses lingering_closes_;

  double spilled_ = 0;  // counts that JavaScript can hold
  double handed_over_ = 0;
  double dropped_ = 0;
  std::minstd_rand random_;
};

/// The spills of one loop. JavaScript that one of them runs may add others, close them, and run the
/// loop itself.
class Spills final {
 public:
  void Add(std::shared_ptr<Spill> spill) { spills_.push_back(std::move(spill)); }
  void ReportQueue(uint64_t now);
  void OnTurn(uint64_t now);
  bool NeedTurn() const;
  void Abort();

 private:
  std::vector<std::shared_ptr<Spill>> spills_;
};

}  // namespace spillway
