#include "admission/no_load_baseline.h"

#include <algorithm>

namespace spillway {

void NoLoadBaseline::Add(uint64_t now, double response_ns) {
  if (count_ == 0) begun_ = now;
  sum_ += response_ns;
  squares_ += response_ns * response_ns;
  ++count_;
  if (count_ >= kBlockResponses && now - begun_ >= kBlockNs) EndBlock();
}

double NoLoadBaseline::Ns() const {
  if (size_ > 0) return smallest_;
  return count_ > 0 ? sum_ / count_ : 0;
}

double NoLoadBaseline::Variance() const {
  if (size_ > 0 || count_ == 0) return variance_;
  const double mean = sum_ / count_;
  return std::max(0.0, squares_ / count_ - mean * mean);
}

void NoLoadBaseline::EndBlock() {
  const double mean = sum_ / count_;
  means_[next_] = static_cast<float>(mean);
  next_ = (next_ + 1) % kBlocks;
  size_ = std::min(size_ + 1, kBlocks);
  smallest_ = *std::min_element(means_.begin(), means_.begin() + size_);
  if (mean < kCalm * smallest_) variance_ = std::max(0.0, squares_ / count_ - mean * mean);
  sum_ = squares_ = 0;
  count_ = 0;
}

void NoLoadBaseline::Guess(uint64_t now, const NoLoadBaseline& other) {
  const double response = other.Ns();
  if (response == 0) return;
  count_ = kKnown;
  sum_ = kKnown * response;
  squares_ = kKnown * (response * response + other.Variance());
  begun_ = now;
}

void NoLoadBaseline::Reset(double response_ns) {
  means_[0] = static_cast<float>(response_ns);
  smallest_ = response_ns;
  size_ = 1;
  next_ = 1;
  sum_ = squares_ = 0;
  count_ = 0;
}

}  // namespace spillway
