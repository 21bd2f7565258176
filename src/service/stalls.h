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
// Threading: thread-safe.
class Stalls {
 public:
  static constexpr std::chrono::milliseconds kHold{50};

  // This process's.
  static Stalls& instance();

  void note_success(int msgid);
  void note_busy(int msgid);
  bool refuses(int msgid);

 private:
  static constexpr std::size_t kKinds = 128;
  using Time = std::atomic<std::int64_t>;  // in ms; 0: never

  Time* last_busy(int msgid);

  std::array<Time, kKinds> last_busy_{};
};

}  // namespace chat::service
