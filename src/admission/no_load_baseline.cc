#include "admission/no_load_baseline.h"

namespace spillway {

void NoLoadBaseline::Begin(uint64_t now) {
  if (!cohort_.Running()) cohort_ = Cohort(now, UINT32_MAX);
  cohort_.Begin(now);
  if (cohort_.Begun() >= kCohortSize && cohort_.AgeNs(now) >= kCohortNs) cohort_.Close(0);
}

void NoLoadBaseline::End(uint64_t now, uint64_t began, bool counts) {
  if (!Proven() && counts) first_.Add(static_cast<double>(now - began));
  cohort_.End(now, began, counts);
  if (!cohort_.Over(now, Ns() * (1 + RelativeVariance()))) return;
  // Unfinished requests say something about R only if the finished ones do.
  const uint32_t counted = cohort_.Responses().Count();
  const bool all_count = counted > 0 && counted == cohort_.Ended();
  const Sample responses = all_count ? cohort_.ResponsesSoFar(now) : cohort_.Responses();
  cohort_ = Cohort();
  if (responses.Count() >= kFewest) EndCohort(responses);
}

void NoLoadBaseline::EndCohort(const Sample& responses) {
  if (!IsExceededBy(responses)) return Learn(responses);
  if (exceeding_ == 0 || responses.MeanNs() < lowest_.MeanNs()) lowest_ = responses;
  if (++exceeding_ == kCohorts) Learn(lowest_);
}

void NoLoadBaseline::Learn(const Sample& sample) {
  response_.Learn(sample);
  exceeding_ = 0;
}

double NoLoadBaseline::Ns() const {
  if (Proven()) return response_.Ns();
  return first_.Count() > 0 ? first_.MeanNs() : 0;
}

double NoLoadBaseline::RelativeVariance() const {
  return Proven() ? response_.RelativeVariance() : first_.RelativeVariance();
}

void NoLoadBaseline::Guess(const NoLoadBaseline& other) {
  if (other.Ns() == 0) return;
  first_ = Sample(kKnown, other.Ns(), other.RelativeVariance());
}

void NoLoadBaseline::Join(double response_ns, const NoLoadBaseline& other) {
  response_ = other.response_;
  if (!Proven()) response_.Learn(Sample(kKnown, response_ns, other.RelativeVariance()));
  response_.Set(response_ns);
}

}  // namespace spillway
