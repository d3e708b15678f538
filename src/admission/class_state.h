#pragma once

#include <cstdint>

namespace spillway {

/// What the concurrency limit of a class does.
enum class ClassState : uint8_t {
  kFree,      // no limit is enforced
  kLimiting,  // X (R + Q) requests may be in flight
  kDraining,  // fewer than the class needs may be in flight, until the queue is gone
  kProbing,   // still so few, while R is measured
};

/// Why a class came into its state. Indexes the texts in lib/admission/controller.js.
enum class StateReason : uint8_t {
  kStart,            // free: no queue has been detected
  kNothingRefused,   // free: nothing was refused for some time
  kQueue,            // its responses show a queue
  kCrowdQueue,       // the responses of small classes together show a queue
  kSeparated,        // it was part of a limited class
  kProbeDue,         // draining: R was last measured some time ago
  kSlow,             // draining: responses exceed what the limit allows
  kCapacityChanged,  // draining: X has changed since R was measured
  kStillFaster,      // draining: the probe found shorter responses, so a queue may be left
  kSeemsSlower,      // draining: the probe found longer responses, which another must confirm
  kOtherProbed,      // draining: another class is probed
  kDrained,          // probing: no class exceeds its limit
  kDrainedTooLong,   // probing: the excess requests do not end
  kMeasured,         // limiting: the probe is over
};

}  // namespace spillway
