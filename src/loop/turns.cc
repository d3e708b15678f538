#include "loop/turns.h"

#include <algorithm>

namespace spillway {

void Turns::Add(TurnPhase phase, TurnListener* listener) {
  listeners_[static_cast<size_t>(phase)].push_back(listener);
}

void Turns::Remove(TurnPhase phase, TurnListener* listener) {
  std::vector<TurnListener*>& list = listeners_[static_cast<size_t>(phase)];
  list.erase(std::remove(list.begin(), list.end(), listener), list.end());
}

void Turns::Measured(const Turn& turn) {
  began_at_ = turn.ended_at;
  Tell(TurnPhase::kReadQueues, turn);
  Tell(TurnPhase::kJudge, turn);
}

void Turns::Act(const Turn& turn) { Tell(TurnPhase::kAct, turn); }

bool Turns::AnyNeedsTurn() const {
  const std::vector<TurnListener*>& list = listeners_[static_cast<size_t>(TurnPhase::kAct)];
  return std::any_of(list.begin(), list.end(),
                     [](const TurnListener* listener) { return listener->NeedsTurn(); });
}

void Turns::Tell(TurnPhase phase, const Turn& turn) {
  const std::vector<TurnListener*>& list = listeners_[static_cast<size_t>(phase)];
  // By index: a listener may add others, which moves the list.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (size_t i = 0; i < list.size(); ++i) list[i]->OnTurn(phase, turn);
}

}  // namespace spillway
