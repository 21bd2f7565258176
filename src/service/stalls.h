#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace chat::service {

// While somebody has locked the tables, every request that needs them waits for a second in vain,
// and those behind it in the workers' queue wait for each of them in turn. So once a request was
// `busy`, those of its kind that come to their turn within kHold are refused at once: that is the
// whole queue. Then one is tried again. A single locked row is not everybody's: a request of the
// kind that succeeds ends it.
// Where a request of any kind met a lock of late, one that has waited for a worker for
// kQueuePatience is refused, too: it would have no answer in time. Threading: thread-safe.
class Stalls {
 public:
  static constexpr std::chrono::milliseconds kHold{50};
  static constexpr std::chrono::milliseconds kQueuePatience{500};
  static constexpr std::chrono::milliseconds kLately{1'500};

  // This process's.
  static Stalls& instance();

  void note_success(int msgid);
  void note_busy(int msgid);
  bool refuses(int msgid);

  // A lock was in the way of something, whatever its request was answered.
  void note_lock();
  // Whether the request that this thread runs, in a turn of its strand, comes too late.
  bool is_too_late() const;

 private:
  static constexpr std::size_t kKinds = 128;
  using Time = std::atomic<std::int64_t>;  // in ms; 0: never

  Time* last_busy(int msgid);

  std::array<Time, kKinds> last_busy_{};
  Time last_lock_{0};
};

}  // namespace chat::service
