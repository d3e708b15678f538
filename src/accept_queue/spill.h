#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accept_queue/client_rule.h"
#include "accept_queue/hand_over_budget.h"
#include "accept_queue/http_head.h"
#include "accept_queue/path_patterns.h"
#include "accept_queue/priority_rule.h"
#include "accept_queue/refuser.h"
#include "accept_queue/rounds.h"
#include "admission/admission_controller.h"
#include "os/accept_queue.h"

namespace spillway {

/// What a spill delivers to JavaScript at the end of a turn.
struct SpillBatch {
  /// Handing over a connection costs as much as refusing several, so the number per turn is
  /// limited.
  static constexpr size_t kMostHandedOver = 8;
  static constexpr int kTaken = -1;

  /// JavaScript writes kTaken into the slot of a connection that it has taken.
  std::array<int, kMostHandedOver> fds{};
  size_t handed_over = 0;
  uint32_t refused = 0;
  /// How long the oldest connection that was accepted in this turn had waited, ns. 0 if there is
  /// none, or if the receiver does not want refusals.
  uint64_t longest_wait = 0;
  uint32_t retry_after = 0;  // Retry-After of the last refused connection, s
};

/// Delivers a spill's batches to JavaScript.
class SpillReceiver {
 public:
  SpillReceiver() = default;
  virtual ~SpillReceiver() = default;
  SpillReceiver(const SpillReceiver&) = delete;
  SpillReceiver& operator=(const SpillReceiver&) = delete;

  /// Whether to deliver batches that hand over no connection.
  virtual bool WantsRefusals() const = 0;
  /// Whether the server would accept a WebSocket now. Runs no user code.
  virtual bool TakesWebSockets() = 0;
  /// Runs user code, which may close the spill.
  virtual void Deliver(SpillBatch* batch) = 0;
  /// Nothing will be delivered after this. Drops all references to JavaScript objects.
  virtual void Release() = 0;
};

/// The spill is this project's word for refusing connections from the accept queue, before Node has
/// seen them.
///
/// While the admission controller says that a queue stands, a spill accepts the oldest of the
/// connections that wait on one listening socket and cannot be served in time. If a connection
/// carries a plain request, the spill answers it with a 503; if it begins a TLS handshake, with an
/// alert. It hands the others over to Node, which treats them like connections that it has
/// accepted. Handing over has a budget; once that is used up, the spill refuses the others too.
///
/// With fair shares or priorities, it accepts all connections that wait. It refuses those whose
/// claim is too weak (see Claim), and hands over the others, one per turn. Times are ns.
class Spill final {
 public:
  enum class Protocol : uint8_t { kHttp1, kTls };
  struct Settings {
    Protocol protocol;
    /// Only for kHttp1. The path of a request over TLS is not known before the handshake.
    PathPatterns exempt;
    Refuser::Answers answers;
    /// The lowest reserved descriptor; infinite if none are reserved. The spill does not wait for
    /// the request of a connection that has a reserved descriptor.
    double first_reserved;
    /// How to tell clients apart, if the admission controller has fair shares. Over TLS, only the
    /// address is known.
    ClientRule clients;
    /// Which requests are more important, if they have priorities. Only for kHttp1.
    PriorityRule priorities;
  };

  Spill(std::shared_ptr<AdmissionController> controller, std::shared_ptr<AcceptQueue> queue,
        Settings settings, std::unique_ptr<SpillReceiver> receiver);
  ~Spill();
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  /// Must be called once a turn, before the admission controller learns of the turn.
  void ReportQueue(uint64_t now);
  /// Must be called once a turn, after the admission controller has learned of it. Takes about 1 ms
  /// at most, including Node's work for the connections handed over. May run JavaScript.
  void OnTurn(uint64_t now);
  /// Stops using the listening socket. Returns the descriptors of connections that it still held;
  /// the caller owns them, and must close them if it has no use for them.
  std::vector<int> Close();
  /// The environment is ending: closes all connections, and runs no JavaScript.
  void Abort();

  /// Whether it needs to be called soon even if nothing happens on the loop.
  bool NeedsTurn() const {
    return !held_.Empty() || !ready_.empty() || refuser_.Lingering().Size() > 0;
  }
  bool Done() const { return !open_ && refuser_.Lingering().Size() == 0; }

  bool Open() const { return open_; }
  /// Connections refused, by protocol.
  double Spilled(Protocol protocol) const { return protocol == settings_.protocol ? spilled_ : 0; }
  double HandedOver() const { return handed_over_; }
  double Dropped() const { return dropped_; }
  size_t OpenLingeringCloses() const { return refuser_.Lingering().Size(); }

 private:
  enum class Action : uint8_t { kRefuse, kRefuseAndLingerClose, kWait, kHandOver };
  /// A connection that was taken from the accept queue.
  struct Taken {
    int fd;
    uint64_t since;
    double excess;  // length of the accept queue at that time, relative to the length allowed
    HttpHeadReader reader;
    bool is_head;        // the request's method is HEAD, as far as is known
    bool is_exempt;      // the request's path is exempt, as far as is known
    std::string client;  // its name, as far as it is known; with claims only
    bool is_trusted;     // its client may raise the request's priority
    Priority priority;   // as far as it is known
    uint64_t waited;     // before `since`; on a Unix socket only
  };
  /// A connection that has a claim to be served, and waits until the loop has time for it.
  struct Ready {
    Taken connection;
    Action refusal;  // what to do if that takes too long
    Asked asked;
    uint64_t until;
  };

  void LoseSocket();
  void ReviewHeld(uint64_t now, bool standing, SpillBatch* batch);
  void ReviewReady(uint64_t now, bool standing, SpillBatch* batch);
  void TakeOldest(uint64_t now, uint32_t count, SpillBatch* batch);
  Taken Opened(uint64_t now, int fd, double excess, const sockaddr_storage& peer);
  static uint64_t WaitOf(uint64_t now, const Taken& connection);
  bool KeepIfClaimed(uint64_t now, const Taken& connection, Action action, SpillBatch* batch);
  void Keep(uint64_t now, Ready ready, SpillBatch* batch);
  void RefuseReady(uint64_t now, const Ready& ready, SpillBatch* batch);
  bool HasTime(const SpillBatch& batch) const;
  double HandOverCost() const;
  Action Choose(Taken* connection);
  Action ChooseByRequest(Taken* connection, std::string_view bytes);
  bool TakesWebSockets();
  void Settle(uint64_t now, const Taken& connection, Action action, SpillBatch* batch);
  void Refuse(uint64_t now, const Taken& connection, Action action, SpillBatch* batch);
  void Deliver(SpillBatch* batch);
  void CloseHeld();

  const std::shared_ptr<AdmissionController> controller_;
  const std::shared_ptr<AcceptQueue> queue_;
  const Settings settings_;
  const std::unique_ptr<SpillReceiver> receiver_;
  bool open_ = true;

  uint64_t turn_at_ = 0;
  uint64_t turn_begun_ = 0;                  // by uv_hrtime(), because `now` may be earlier
  std::optional<bool> takes_web_sockets_{};  // in this turn
  bool is_delivering_ = false;
  // Separate budgets, so that a flood of unreadable connections does not use up the room for health
  // checks.
  HandOverBudget exempt_budget_{SpillBatch::kMostHandedOver};
  HandOverBudget other_budget_{SpillBatch::kMostHandedOver};
  Rounds<Taken> held_;        // connections whose request has not arrived
  std::vector<Ready> ready_;  // the strongest claims first, and of equal ones the oldest
  Refuser refuser_;

  double spilled_ = 0;  // as doubles, for JavaScript
  double handed_over_ = 0;
  double dropped_ = 0;
};

/// The spills of one loop. JavaScript that one of them runs may add other spills, close any of
/// them, and even run the event loop.
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
