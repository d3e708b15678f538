#pragma once

#include <cstdint>

#include "concurrency/cohort.h"
#include "concurrency/no_load_response.h"
#include "concurrency/sample.h"

namespace spillway {

/// A class's no-load response time R. Without a limit, it is learned from cohorts of requests, one
/// after the other. A cohort whose mean is above R was measured with a queue, and is ignored,
/// unless all recent ones were. While a limit is enforced, only probes measure R. Times are ns.
class NoLoadBaseline final {
 public:
  /// A request starts while no limit is enforced.
  void Begin(uint64_t now);
  /// It has ended. `counts`: its response time says something about R.
  void End(uint64_t now, uint64_t began, bool counts);
  /// A limit is enforced: requests in flight may have queued.
  void Interrupt() { cohort_ = Cohort(); }
  /// The responses of a probe.
  void Learn(const Sample& sample);

  /// 0 until a response has been added.
  double Ns() const;
  /// Of single responses, without a queue.
  double RelativeVariance() const;
  double Variance() const { return RelativeVariance() * Ns() * Ns(); }

  /// The standard error of R, relative to R.
  double Error() const { return Proven() ? response_.Error() : 0; }

  /// Enough responses have been added. From now on, the caller should add only responses without a
  /// queue.
  bool Known() const { return Proven() || first_.Count() >= kKnown; }
  /// A cohort or a probe has been added.
  bool Proven() const { return response_.Known(); }
  /// R is known precisely.
  bool Precise() const { return Proven() && response_.Error() <= kKnownError; }
  /// By how much the mean of the sample must differ from R to be significant.
  double DifferenceNs(const Sample& sample) const { return response_.DifferenceNs(sample); }
  bool IsExceededBy(const Sample& sample) const { return response_.IsExceededBy(sample); }

  /// Starts with the baseline of another class of the same kind in place of the first responses.
  void Guess(const NoLoadBaseline& other);
  /// Several classes, whose R is `response_ns` on average, are joined.
  void Join(double response_ns, const NoLoadBaseline& other);

 private:
  static constexpr double kKnownError = 0.15;
  static constexpr double kCohortNs = 1e9;
  static constexpr uint32_t kCohortSize = 32;
  static constexpr uint32_t kFewest = 16;
  static constexpr int kCohorts = 30;
  static constexpr uint32_t kKnown = 8;

  void EndCohort(const Sample& responses);

  NoLoadResponse response_;
  Sample first_;  // the first responses, until R is known
  Cohort cohort_;
  Sample lowest_;  // of the last cohorts, if they all exceed R
  int exceeding_ = 0;
};

}  // namespace spillway
