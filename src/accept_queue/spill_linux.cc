#include <uv.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "accept_queue/client_address.h"
#include "accept_queue/spill.h"
#include "accept_queue/tls_record.h"
#include "os/early_socket.h"
#include "os/socket_queue.h"

namespace spillway {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

// A spill must not lengthen a turn by more than 1 ms, including Node's work for the connections
// handed over.
constexpr uint64_t kBatchNs = 900'000;
constexpr uint64_t kHandOverNs = 75'000;
// At least this many connections are taken, which normally takes less time. If it takes longer,
// other processes are keeping the machine busy, and the queue must not grow because of that.
constexpr uint32_t kLeastBatch = 16;

// A connection handed over may be served, and then costs as much as a request. If requests are
// slow, the budget assumes a rate of 80/s, which leaves room for 4/s: health checks must not
// starve.
constexpr double kLeastRate = 80 / 1e9;

// A connection whose request has not arrived is held for up to 250 ms. Holding one costs an
// occasional system call; letting Node wait for the request costs as much as several refusals.
constexpr uint64_t kHoldNs = 250 * kNsPerMs;
constexpr size_t kMostHeld = 256;
constexpr uint64_t kReviewEveryNs = 4 * kNsPerMs;
constexpr uint64_t kReviewNs = 300'000;

// More claims than this cannot be served in time.
constexpr size_t kMostReady = 256;
constexpr size_t kReadyPerTurn = 1;

}  // namespace

Spill::Spill(std::shared_ptr<AdmissionController> controller, std::shared_ptr<AcceptQueue> queue,
             Settings settings, std::unique_ptr<SpillReceiver> receiver)
    : controller_(std::move(controller)),
      queue_(std::move(queue)),
      settings_(std::move(settings)),
      receiver_(std::move(receiver)),
      held_({kReviewEveryNs, kReviewNs}),
      refuser_(settings_.answers) {}

Spill::~Spill() { CloseHeld(); }

void Spill::ReportQueue(uint64_t now) {
  if (!open_) return;
  if (queue_->Refresh(now)) {
    controller_->Queued(queue_->Length() + static_cast<uint32_t>(ready_.size()));
  } else {
    LoseSocket();
  }
}

void Spill::LoseSocket() {
  dropped_ += static_cast<double>(held_.Size() + ready_.size());
  CloseHeld();
  Close();
}

void Spill::OnTurn(uint64_t now) {
  // JavaScript may have run the loop within this turn. The spill has then already seen a later
  // time.
  turn_at_ = now = std::max(now, turn_at_);
  refuser_.Lingering().Sweep(now);
  if (!open_ || is_delivering_) return;
  const uint32_t excess = controller_->Excess(now, queue_->Length());
  if (held_.Empty() && ready_.empty() && excess == 0) return;
  // Another spill may have run JavaScript in this turn.
  if (!queue_->IsSame()) {
    LoseSocket();
    return;
  }
  SpillBatch batch;
  turn_begun_ = uv_hrtime();
  takes_web_sockets_.reset();
  const double cost = HandOverCost();
  exempt_budget_.Grow(now, cost);
  other_budget_.Grow(now, cost);
  const bool standing = controller_->MayRefuseWaiting();
  ReviewHeld(now, standing, &batch);
  if (excess > 0) TakeOldest(now, excess, &batch);
  ReviewReady(now, standing, &batch);
  if (batch.refused > 0) {
    spilled_ += batch.refused;
    controller_->Spilled(batch.refused);
  }
  if (batch.handed_over > 0 || (batch.refused > 0 && receiver_->WantsRefusals())) Deliver(&batch);
}

void Spill::ReviewHeld(uint64_t now, bool standing, SpillBatch* batch) {
  held_.Visit(now, [&](Taken* each) {
    if (!standing) {
      if (batch->handed_over == SpillBatch::kMostHandedOver) return true;
      batch->fds[batch->handed_over++] = each->fd;
      return false;
    }
    const bool is_late = now - each->since > kHoldNs;
    if (!is_late && early_socket::Unread(each->fd) == each->reader.BytesRead()) return true;
    Action action = Choose(each);
    if (action == Action::kWait && !is_late) return true;
    if (action == Action::kWait) action = Action::kHandOver;
    Settle(now, *each, action, batch);
    return false;
  });
}

// The loop accepts one connection a turn, which keeps the number of requests that it works on
// small. The same holds for these.
void Spill::ReviewReady(uint64_t now, bool standing, SpillBatch* batch) {
  size_t may_leave = standing ? kReadyPerTurn : ready_.size();
  const auto leaves = [&](const Ready& each) {
    if (standing && now > each.until) {
      RefuseReady(now, each, batch);
      return true;
    }
    if (may_leave == 0 || batch->handed_over == SpillBatch::kMostHandedOver) return false;
    --may_leave;
    controller_->HandedOver(now, each.asked);
    batch->fds[batch->handed_over++] = each.connection.fd;
    return true;
  };
  ready_.erase(std::remove_if(ready_.begin(), ready_.end(), leaves), ready_.end());
}

void Spill::TakeOldest(uint64_t now, uint32_t count, SpillBatch* batch) {
  const double excess = static_cast<double>(queue_->Length()) / controller_->MayQueue(now);
  for (uint32_t i = 0; i < count; ++i) {
    if (i >= kLeastBatch && !HasTime(*batch)) return;
    sockaddr_storage peer{};
    const int fd = early_socket::Accept(queue_->Fd(), controller_->HasClaims() ? &peer : nullptr);
    const bool is_reserved = fd == early_socket::kFull || fd >= settings_.first_reserved;
    if (is_reserved) refuser_.Lingering().GiveUpSome();
    if (fd < 0) return;
    Taken connection = Opened(now, fd, excess, peer);
    if (i == 0 && receiver_->WantsRefusals()) batch->longest_wait = WaitOf(now, connection);
    Action action = Choose(&connection);
    const bool may_hold = !is_reserved && held_.Size() < kMostHeld;
    if (action == Action::kWait && may_hold) {
      held_.Add(connection);
    } else {
      if (action == Action::kWait) action = Action::kHandOver;
      Settle(now, connection, action, batch);
    }
  }
}

Spill::Taken Spill::Opened(uint64_t now, int fd, double excess, const sockaddr_storage& peer) {
  Taken connection{
      fd, now, excess, {}, false, false, {}, false, Priority::kNormal, queue_->Accepted(now)};
  if (controller_->HasClaims()) {
    const auto& address = reinterpret_cast<const sockaddr&>(peer);
    connection.client = ClientOfSocket(address);
    connection.is_trusted = settings_.priorities.Trusts(address);
  }
  return connection;
}

// The kernel reports no wait on a Unix socket.
uint64_t Spill::WaitOf(uint64_t now, const Taken& connection) {
  const auto ages = socket_queue::ReadAges(connection.fd);
  return ages ? ages->last_receive : connection.waited + (now - connection.since);
}

// Keeps a connection with a request that could be refused if it has a claim to be served, and
// returns whether it does.
bool Spill::KeepIfClaimed(uint64_t now, const Taken& connection, Action action, SpillBatch* batch) {
  if (!controller_->HasClaims() || !controller_->MayRefuseWaiting()) return false;
  if (connection.fd >= settings_.first_reserved) return false;
  const uint64_t waited = WaitOf(now, connection);
  const Client client{connection.client};
  const auto offer = controller_->Take(now, {&client, connection.priority}, waited);
  if (!offer) return false;
  Keep(now, {connection, action, offer->asked, now + (offer->limit_ns - waited)}, batch);
  return true;
}

// The strongest claims come first, and equal ones in the order of their arrival. If there is no
// room for all, the last one is refused.
void Spill::Keep(uint64_t now, Ready ready, SpillBatch* batch) {
  const auto is_weaker = [&](const Ready& each) {
    return each.asked.claim.kind > ready.asked.claim.kind;
  };
  ready_.insert(std::find_if(ready_.begin(), ready_.end(), is_weaker), std::move(ready));
  if (ready_.size() <= kMostReady) return;
  RefuseReady(now, ready_.back(), batch);
  ready_.pop_back();
}

void Spill::RefuseReady(uint64_t now, const Ready& ready, SpillBatch* batch) {
  controller_->Expired(ready.asked);
  Refuse(now, ready.connection, ready.refusal, batch);
}

bool Spill::HasTime(const SpillBatch& batch) const {
  return uv_hrtime() - turn_begun_ + batch.handed_over * kHandOverNs < kBatchNs;
}

double Spill::HandOverCost() const {
  const double request = controller_->Utilization() / std::max(controller_->Rate(), kLeastRate);
  return std::max(static_cast<double>(kHandOverNs), request);
}

// Returns kHandOver for bytes that are not what the server expects, even if the budget has no room
// for them.
Spill::Action Spill::Choose(Taken* connection) {
  char buffer[HttpHead::kMostBytes];
  const std::optional<std::string_view> bytes =
      early_socket::Peek(connection->fd, buffer, sizeof(buffer));
  if (!bytes) return Action::kHandOver;
  if (settings_.protocol == Protocol::kHttp1) return ChooseByRequest(connection, *bytes);
  if (bytes->empty()) return Action::kWait;
  if (controller_->HasClaims()) {
    connection->client = settings_.clients.NameOf(connection->client, {});
  }
  switch (ReadTlsBeginning(*bytes)) {
    case TlsBeginning::kComplete:
      return Action::kRefuse;
    case TlsBeginning::kIncomplete:
      return Action::kRefuseAndLingerClose;
    case TlsBeginning::kOther:
      break;
  }
  return Action::kHandOver;
}

Spill::Action Spill::ChooseByRequest(Taken* connection, std::string_view bytes) {
  const HttpHead head = connection->reader.Read(bytes);
  connection->is_head = head.is_head;
  if (head.kind == HttpHead::Kind::kIncomplete) return Action::kWait;
  if (head.kind == HttpHead::Kind::kOther) return Action::kHandOver;
  const std::string_view path = PathOfTarget(head.target);
  if (controller_->HasClaims()) {
    const std::string_view whole = bytes.substr(0, head.length);
    connection->client = settings_.clients.NameOf(connection->client, whole);
    connection->priority = settings_.priorities.Of(path, whole, connection->is_trusted);
  }
  connection->is_exempt = settings_.exempt.Match(path);
  if (connection->is_exempt) return Action::kHandOver;
  if (head.websocket && TakesWebSockets()) return Action::kHandOver;
  const bool all_came = !head.has_body && bytes.size() == head.length;
  return all_came ? Action::kRefuse : Action::kRefuseAndLingerClose;
}

bool Spill::TakesWebSockets() {
  if (!takes_web_sockets_) takes_web_sockets_ = receiver_->TakesWebSockets();
  return *takes_web_sockets_;
}

// `action` must not be kWait.
void Spill::Settle(uint64_t now, const Taken& connection, Action action, SpillBatch* batch) {
  HandOverBudget& budget = connection.is_exempt ? exempt_budget_ : other_budget_;
  const bool has_slot = batch->handed_over < SpillBatch::kMostHandedOver;
  if (action == Action::kHandOver && has_slot && budget.HasRoom()) {
    budget.Take();
    batch->fds[batch->handed_over++] = connection.fd;
    return;
  }
  if (action != Action::kHandOver && KeepIfClaimed(now, connection, action, batch)) return;
  Refuse(now, connection, action, batch);
}

void Spill::Refuse(uint64_t now, const Taken& connection, Action action, SpillBatch* batch) {
  const bool lingers = action != Action::kRefuse;
  batch->retry_after =
      refuser_.Refuse(now, connection.fd, {connection.is_head, lingers, connection.excess});
  ++batch->refused;
}

void Spill::Deliver(SpillBatch* batch) {
  is_delivering_ = true;
  receiver_->Deliver(batch);
  is_delivering_ = false;
  for (size_t i = 0; i < batch->handed_over; ++i) {
    if (batch->fds[i] == SpillBatch::kTaken) {
      ++handed_over_;
    } else {
      early_socket::Close(batch->fds[i]);
      ++dropped_;
    }
  }
}

std::vector<int> Spill::Close() {
  if (!open_) return {};
  open_ = false;
  receiver_->Release();
  std::vector<int> fds;
  for (const Taken& each : held_.Members()) fds.push_back(each.fd);
  for (const Ready& each : ready_) {
    controller_->HandedOver(turn_at_, each.asked);
    fds.push_back(each.connection.fd);
  }
  held_.Clear();
  ready_.clear();
  return fds;
}

void Spill::Abort() {
  if (open_) receiver_->Release();
  open_ = false;
  CloseHeld();
  refuser_.Lingering().CloseAll();
}

void Spill::CloseHeld() {
  for (const Taken& each : held_.Members()) early_socket::Close(each.fd);
  for (const Ready& each : ready_) {
    controller_->Expired(each.asked);
    early_socket::Close(each.connection.fd);
  }
  held_.Clear();
  ready_.clear();
}

void Spills::ReportQueue(uint64_t now) {
  for (const auto& spill : spills_) spill->ReportQueue(now);
}

void Spills::OnTurn(uint64_t now) {
  const std::vector<std::shared_ptr<Spill>> of_this_turn = spills_;
  for (const auto& spill : of_this_turn) spill->OnTurn(now);
  spills_.erase(std::remove_if(spills_.begin(), spills_.end(),
                               [](const std::shared_ptr<Spill>& spill) { return spill->Done(); }),
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
