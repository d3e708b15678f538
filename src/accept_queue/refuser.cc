#include "accept_queue/refuser.h"

#include <uv.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "os/early_socket.h"

namespace spillway {
namespace {

// Retry-After is the due time, randomly varied by up to half in either direction, so that refused
// clients do not all return at once.
constexpr double kLeastJitter = 0.5;
constexpr double kMostJitter = 1.5;

}  // namespace

Refuser::Refuser(Answers answers)
    : answers_(std::move(answers)), random_(static_cast<uint32_t>(uv_hrtime())) {}

uint32_t Refuser::Refuse(uint64_t now, int fd, const Refusal& refusal) {
  const auto jitter = std::uniform_real_distribution<double>(kLeastJitter, kMostJitter)(random_);
  const auto last = static_cast<double>(answers_.texts.size());
  const double due = std::min(refusal.due_s, last / kMostJitter);
  const double seconds = std::clamp(std::round(due * jitter), 1.0, last);
  std::string_view answer = answers_.texts[static_cast<size_t>(seconds) - 1];
  if (refusal.is_head) answer.remove_suffix(answers_.message_bytes);
  (void)early_socket::Discard(fd);
  early_socket::Answer(fd, answer);
  if (refusal.lingers) {
    early_socket::EndAnswer(fd);
    lingering_closes_.Add(now, fd);
  } else {
    early_socket::Close(fd);
  }
  return static_cast<uint32_t>(seconds);
}

}  // namespace spillway
