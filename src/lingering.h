#ifndef SPILLWAY_LINGERING_H_
#define SPILLWAY_LINGERING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace spillway {

/// Connections that have had their answer while the client still sends: to close them would reset
/// them, and that can destroy the answer before the client has read it. Their input is dropped
/// until the client closes, or for 2 s. Owns their descriptors.
class Lingering final {
 public:
  static constexpr size_t kMost = 1024;

  Lingering() = default;
  ~Lingering() { CloseAll(); }
  Lingering(const Lingering&) = delete;
  Lingering& operator=(const Lingering&) = delete;

  size_t size() const { return entries_.size(); }
  bool full() const { return entries_.size() >= kMost; }

  void Add(uint64_t now, int fd);
  /// To be called often; looks at each every few ms, and takes a fraction of one.
  void Sweep(uint64_t now);
  /// Gives up some of the oldest, because descriptors ran out.
  void GiveUpSome();
  void CloseAll();

 private:
  struct Entry {
    int fd;
    uint64_t until;
  };

  std::vector<Entry> entries_;
  size_t next_ = 0;  // where a sweep goes on that ran out of time
  uint64_t swept_at_ = 0;
};

}  // namespace spillway

#endif  // SPILLWAY_LINGERING_H_
