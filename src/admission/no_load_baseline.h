#pragma once

#include <array>
#include <cstdint>

namespace spillway {

/// A class's no-load response time: the smallest mean of the recent blocks of responses. A block is
/// long enough for its mean to be meaningful for a class that mixes fast and slow requests. Times
/// are ns.
class NoLoadBaseline final {
 public:
  void Add(uint64_t now, double response_ns);

  /// 0 until a response has been added.
  double Ns() const;

  /// Enough responses have been added.
  bool Known() const { return size_ > 0 || count_ >= kKnown; }

  /// A whole block of responses has been added.
  bool Proven() const { return size_ > 0; }

  /// Variance of single responses without a queue.
  double Variance() const;

  /// Starts with the baseline of another class of the same kind in place of the first responses.
  void Guess(uint64_t now, const NoLoadBaseline& other);

  /// Forgets all earlier responses in favor of a probe's result, measured with the queue drained.
  void Reset(double response_ns);

 private:
  static constexpr int kBlocks = 30;
  static constexpr uint64_t kBlockNs = 1'000'000'000;
  static constexpr int kBlockResponses = 32;
  static constexpr int kKnown = 8;
  // A block whose mean exceeds the smallest by this factor varies because of a queue.
  static constexpr double kCalm = 2;

  void EndBlock();

  std::array<float, kBlocks> means_{};
  int size_ = 0;
  int next_ = 0;
  double smallest_ = 0;
  double variance_ = 0;

  double sum_ = 0;
  double squares_ = 0;
  int count_ = 0;
  uint64_t begun_ = 0;
};

}  // namespace spillway
