#pragma once

#include <cstdint>

#include "admission/claim.h"
#include "admission/demand.h"
#include "admission/kept_delay.h"
#include "admission/loop_pause.h"
#include "admission/waiting_connections.h"
#include "admission/waits.h"

namespace spillway {

/// Why a queue stands, or why none does.
enum class QueueReason : uint8_t {
  kStart,         // nothing has queued yet
  kAcceptWaits,   // most requests from the accept queue waited long
  kKeptWaits,     // most requests on connections accepted earlier waited long
  kAcceptLength,  // the accept queue is long
  kFewRefused,    // hardly any request had to be refused
  kIdle,          // the loop can serve all requests, and was idle beside refusals
};

/// The delay limit: how long a request may have waited before its handler runs. Times are ns.
///
/// A queue stands if most waits of a window are long, and the arriving requests need more of the
/// loop's time than there is. While it stands, it is kept as short as possible without leaving the
/// loop idle (KeptDelay). Otherwise the limit is generous: the loop works off the backlog of a
/// burst or a pause by itself.
///
/// CoDel (RFC 8289) looks at the shortest wait of an interval instead of most waits; here a single
/// request that did not wait would hide the queue.
///
/// There are two queues: the accept queue, and that of the connections accepted earlier. A wait in
/// one says nothing about the other.
class QueueDelay final {
 public:
  QueueDelay(uint64_t max_delay_ns, uint64_t tick_ns);

  /// `queued`: the request came through the accept queue. `light`: its class needs less than an
  /// equal share of the loop, so it did not cause the queue. `claim`: to the loop's time.
  bool Admits(uint64_t now, uint64_t wait_ns, bool queued, bool light, const Claim& claim) const;

  /// `refused`: by this limit.
  void Saw(uint64_t wait_ns, bool queued, bool refused);
  /// A request was refused by another limit.
  void RefusedByOther() { refused_by_other_ = true; }
  /// `count` connections were refused from the accept queue.
  void Spilled(uint32_t count);
  WaitingConnections& Waiting() { return waiting_; }
  const WaitingConnections& Waiting() const { return waiting_; }

  /// `lost_ns`: see Turn. `share`: the part of the loop's time that counts until the next turn
  /// ends, 0 to 1; below 1 only in a dry run.
  void OnTurn(uint64_t now, uint64_t busy_ns, uint64_t lost_ns, double share);
  /// A window has ended. For `busy_ns` of it, the loop was busy, with ghosts too in a dry run.
  void EndWindow(uint64_t now, double busy_ns, double completions);

  /// A queue stands.
  bool Stands() const { return stands_; }
  QueueReason Reason() const { return reason_; }
  /// Since when it has stood, or not.
  uint64_t Since() const { return since_; }
  /// See Demand::Load().
  double Load() const { return demand_.Load(); }
  double CostNs() const { return demand_.CostNs(); }
  /// A request was refused in this window.
  bool Overdue() const { return accepted_.Refused() + kept_alive_.Refused() > 0; }
  /// How long a request with this claim may wait while a queue stands.
  uint64_t KeptNs(const Claim& claim) const;
  uint64_t LimitNs(uint64_t now) const { return stands_ ? kept_.Ns() : PatientNs(now); }
  uint64_t PauseNs(uint64_t now) const { return pause_.Ns(now); }
  uint64_t ResolutionNs() const { return pause_.ResolutionNs(); }

 private:
  uint64_t PatientNs(uint64_t now) const;
  bool WorksOffBurst() const;
  bool Queues(const Waits& waits) const;
  bool AcceptQueueIsLong(double window_ns) const;
  void Judge(uint64_t now, bool accept_queue_is_long);
  void Become(uint64_t now, bool stands, QueueReason reason);

  const uint64_t max_delay_;
  Demand demand_;
  KeptDelay kept_;
  LoopPause pause_;
  WaitingConnections waiting_;

  bool stands_ = false;
  QueueReason reason_ = QueueReason::kStart;
  uint64_t since_ = 0;
  uint64_t long_at_ = 0;  // when a window last had long waits
  uint64_t patience_ = 0;
  uint32_t begun_ = 0;  // requests in this turn that this limit did not refuse
  Waits accepted_;
  Waits kept_alive_;

  // In this window.
  uint64_t window_begun_ = 0;
  uint32_t turns_ = 0;
  uint64_t busy_ = 0;
  bool refused_by_other_ = false;
  bool refused_by_other_before_ = false;  // in the window before
};

}  // namespace spillway
