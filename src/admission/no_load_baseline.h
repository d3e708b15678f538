#pragma once

#include <array>
#include <cstdint>

namespace spillway {

// A class's response time when nothing queues: the smallest mean of the last blocks of responses. A
// block is long enough for its mean to say something of a class that mixes fast and slow requests.
class NoLoadBaseline final {
 public:
  void Add(uint64_t now, double response_ns);

  // 0 until a response was seen.
  double Ns() const;

  // Enough was seen to be choosy about what is added.
  bool Known() const { return size_ > 0 || count_ >= kKnown; }

  // A whole block of responses was seen.
  bool Proven() const { return size_ > 0; }

  // Of single responses, when nothing queued.
  double Variance() const;

  // What is known of another class of the kind counts for its first responses.
  void Guess(uint64_t now, const NoLoadBaseline& other);

  // What a probe measured, with the queue drained, counts for more than all before it.
  void Reset(double response_ns);

 private:
  static constexpr int kBlocks = 30;
  static constexpr uint64_t kBlockNs = 1'000'000'000;
  static constexpr int kBlockResponses = 32;
  static constexpr int kKnown = 8;
  // A block whose mean is above this many times the smallest varies because of a queue.
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
