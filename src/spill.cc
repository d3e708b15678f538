#include "spill.h"

#include <uv.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "early_socket.h"
#include "http_head.h"
#include "socket_queue.h"

namespace spillway {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

// A queue that was empty is not long so soon, and to read it costs a system call.
constexpr uint64_t kEmptyForNs = kNsPerMs;

// A turn must not become longer by more than 1 ms. What Node does for a connection handed over
// belongs to it.
constexpr uint64_t kBatchNs = 900'000;
constexpr uint64_t kHandOverNs = 75'000;
// So few take less than that, and the clock may say otherwise only because the machine is at work
// for others: then most of all, the queue must not grow.
constexpr uint32_t kLeastBatch = 16;

// To wait for a client that is slow to send costs a system call now and then, to let Node wait for
// it as much as some refusals.
constexpr uint64_t kHoldNs = 250 * kNsPerMs;
constexpr uint64_t kReviewEveryNs = 4 * kNsPerMs;
constexpr size_t kMostHeld = 256;

// The refused come back within half of the due time either way, so that they do not return as one.
constexpr double kLeastJitter = 0.5;
constexpr double kMostJitter = 1.5;

}  // namespace

Spill::Spill(std::shared_ptr<Admission> law, int listening_fd, Settings settings,
             std::unique_ptr<SpillOutlet> outlet)
    : law_(std::move(law)),
      listening_fd_(listening_fd),
      identity_(early_socket::Identity(listening_fd)),
      settings_(std::move(settings)),
      outlet_(std::move(outlet)),
      random_(static_cast<uint32_t>(uv_hrtime())) {
  held_.reserve(kMostHeld);
}

Spill::~Spill() { CloseHeld(); }

void Spill::TellLaw(uint64_t now) {
  if (!open_) return;
  if (queued_ == 0 && now - queue_read_at_ < kEmptyForNs) return;
  queue_read_at_ = now;
  const auto length = socket_queue::AcceptQueueLength(listening_fd_);
  // Only this thread closes the socket, so that what holds now holds for the rest of the turn.
  const bool is_ours =
      length && (*length == 0 || early_socket::Identity(listening_fd_) == identity_);
  if (!is_ours) {
    dropped_ += static_cast<double>(held_.size());
    CloseHeld();
    Close();
    return;
  }
  queued_ = *length;
  law_->Queued(queued_);
}

void Spill::OnTurn(uint64_t now) {
  lingering_.Sweep(now);
  if (!open_) return;
  const uint32_t excess = law_->Excess(now, queued_);
  if (held_.empty() && excess == 0) return;
  SpillTurn turn;
  ReviewHeld(now, law_->mayRefuseWaiting(), &turn);
  if (excess > 0) TakeOldest(now, excess, &turn);
  if (turn.refused > 0) {
    spilled_ += turn.refused;
    law_->Spilled(turn.refused);
  }
  if (turn.handed_over > 0 || (turn.refused > 0 && outlet_->WantsRefusals())) Deliver(&turn);
}

void Spill::ReviewHeld(uint64_t now, bool standing, SpillTurn* turn) {
  if (now - reviewed_at_ < kReviewEveryNs) return;
  reviewed_at_ = now;
  size_t kept = 0;
  for (const Held each : held_) {
    const bool has_room = turn->handed_over < SpillTurn::kMostHandedOver;
    bool is_head = false;
    Verdict verdict = standing ? Judge(each.fd, &is_head) : Verdict::kHandOver;
    if (verdict == Verdict::kWait && now - each.since > kHoldNs) verdict = Verdict::kHandOver;
    if (verdict == Verdict::kWait || (verdict == Verdict::kHandOver && !has_room)) {
      held_[kept++] = each;
    } else {
      Settle(now, each.fd, verdict, is_head, each.over, turn);
    }
  }
  held_.resize(kept);
}

void Spill::TakeOldest(uint64_t now, uint32_t count, SpillTurn* turn) {
  const double over = static_cast<double>(queued_) / law_->MayQueue(now);
  const uint64_t begun = uv_hrtime();
  for (uint32_t i = 0; i < count; ++i) {
    if (turn->handed_over == SpillTurn::kMostHandedOver) return;
    if (i >= kLeastBatch && uv_hrtime() - begun + turn->handed_over * kHandOverNs > kBatchNs)
      return;
    const int fd = early_socket::Accept(listening_fd_);
    const bool is_reserved = fd == early_socket::kFull || fd >= settings_.first_reserved;
    if (is_reserved) lingering_.GiveUpSome();
    if (fd < 0) return;
    if (i == 0 && outlet_->WantsRefusals()) {
      const auto ages = socket_queue::ReadAges(fd);
      turn->longest_wait = ages ? ages->last_receive : 0;
    }
    bool is_head = false;
    Verdict verdict = Judge(fd, &is_head);
    if (is_reserved && verdict == Verdict::kWait) verdict = Verdict::kHandOver;
    Settle(now, fd, verdict, is_head, over, turn);
  }
}

Spill::Verdict Spill::Judge(int fd, bool* is_head) const {
  char buffer[HttpHead::kMostBytes];
  const std::optional<std::string_view> bytes = early_socket::Peek(fd, buffer, sizeof(buffer));
  if (!bytes) return Verdict::kHandOver;
  const HttpHead head = ReadHttpHead(*bytes);
  if (head.kind == HttpHead::Kind::kIncomplete) return Verdict::kWait;
  if (head.kind == HttpHead::Kind::kOther || head.upgrade) return Verdict::kHandOver;
  if (settings_.exempt.Match(PathOfTarget(head.target))) return Verdict::kHandOver;
  *is_head = head.is_head;
  const bool all_came = !head.has_body && bytes->size() == head.length;
  if (all_came) return Verdict::kRefuse;
  return lingering_.full() ? Verdict::kHandOver : Verdict::kRefuseAndLinger;
}

// There is room in `turn` for one to be handed over.
void Spill::Settle(uint64_t now, int fd, Verdict verdict, bool is_head, double over,
                   SpillTurn* turn) {
  switch (verdict) {
    case Verdict::kRefuse:
      Refuse(fd, is_head, over, turn);
      early_socket::Close(fd);
      return;
    case Verdict::kRefuseAndLinger:
      Refuse(fd, is_head, over, turn);
      early_socket::EndAnswer(fd);
      lingering_.Add(now, fd);
      return;
    case Verdict::kWait:
      if (held_.size() < kMostHeld) {
        held_.push_back({fd, now, over});
        return;
      }
      break;
    case Verdict::kHandOver:
      break;
  }
  turn->fds[turn->handed_over++] = fd;
}

void Spill::Refuse(int fd, bool is_head, double over, SpillTurn* turn) {
  const auto jitter = std::uniform_real_distribution<double>(kLeastJitter, kMostJitter)(random_);
  const auto last = static_cast<double>(settings_.answers.size());
  const double due = std::min(over, last / kMostJitter);
  const double seconds = std::clamp(std::round(due * jitter), 1.0, last);
  std::string_view answer = settings_.answers[static_cast<size_t>(seconds) - 1];
  if (is_head) answer.remove_suffix(settings_.message_bytes);
  (void)early_socket::Discard(fd);
  early_socket::Answer(fd, answer);
  turn->retry_after = static_cast<uint32_t>(seconds);
  ++turn->refused;
}

void Spill::Deliver(SpillTurn* turn) {
  outlet_->Deliver(turn);
  for (size_t i = 0; i < turn->handed_over; ++i) {
    if (turn->fds[i] == SpillTurn::kTaken) {
      ++handed_over_;
    } else {
      early_socket::Close(turn->fds[i]);
      ++dropped_;
    }
  }
}

std::vector<int> Spill::Close() {
  if (!open_) return {};
  open_ = false;
  outlet_->Release();
  std::vector<int> fds;
  for (const Held& each : held_) fds.push_back(each.fd);
  held_.clear();
  return fds;
}

void Spill::Abort() {
  if (open_) outlet_->Release();
  open_ = false;
  CloseHeld();
  lingering_.CloseAll();
}

void Spill::CloseHeld() {
  for (const Held& each : held_) early_socket::Close(each.fd);
  held_.clear();
}

void Spills::TellLaws(uint64_t now) {
  for (const auto& spill : spills_) spill->TellLaw(now);
}

void Spills::OnTurn(uint64_t now) {
  // What a spill delivers may add one, whose turn is the next.
  const size_t count = spills_.size();
  for (size_t i = 0; i < count; ++i) {
    const std::shared_ptr<Spill> spill = spills_[i];
    spill->OnTurn(now);
  }
  spills_.erase(std::remove_if(spills_.begin(), spills_.end(),
                               [](const std::shared_ptr<Spill>& spill) { return spill->done(); }),
                spills_.end());
}

bool Spills::NeedTurn() const {
  return std::any_of(spills_.begin(), spills_.end(),
                     [](const std::shared_ptr<Spill>& spill) { return spill->NeedsTurn(); });
}

void Spills::Abort() {
  for (const auto& spill : spills_) spill->Abort();
  spills_.clear();
}

}  // namespace spillway
