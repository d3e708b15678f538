#include "baseline.h"

#include <algorithm>

namespace spillway {

void Baseline::Add(uint64_t now, double responseNs) {
  if (count_ == 0) begun_ = now;
  sum_ += responseNs;
  ++count_;
  if (size_ == 0 && count_ <= kFirstResponses) first_ = sum_ / count_;
  if (count_ < kBlockResponses || now - begun_ < kBlockNs) return;
  means_[next_] = static_cast<float>(sum_ / count_);
  next_ = (next_ + 1) % kBlocks;
  size_ = std::min(size_ + 1, kBlocks);
  smallest_ = *std::min_element(means_.begin(), means_.begin() + size_);
  sum_ = 0;
  count_ = 0;
}

double Baseline::Ns() const { return size_ > 0 ? smallest_ : first_; }

void Baseline::Reset(double responseNs) {
  means_[0] = static_cast<float>(responseNs);
  smallest_ = responseNs;
  size_ = 1;
  next_ = 1;
  sum_ = 0;
  count_ = 0;
}

}  // namespace spillway
