// The spill needs system calls that only Linux has.

#include "accept_queue/spill.h"

namespace spillway {

void Spills::ReportQueue(uint64_t /*now*/) {}
void Spills::OnTurn(uint64_t /*now*/) {}
// NOLINTNEXTLINE(readability-convert-member-functions-to-static): not on Linux
bool Spills::NeedTurn() const { return false; }
void Spills::Abort() {}

}  // namespace spillway
