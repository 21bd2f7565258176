#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace chat::service {

// While somebody has locked the tables, every request that needs them waits for a second in vain,
// and those behind it in the workers' queue wait for each of them in turn. So once kFailures
// requests of a kind in a row were `busy`, the next ones of that kind are refused at once, for
// kHold; then one is tried again. A kind of which others succeed in between is never refused: a
// single locked row is not everybody's.
// Threading: thread-safe.
class Stalls {
 public:
  static constexpr int kFailures = 2;
  static constexpr std::chrono::milliseconds kHold{300};

  // This process's.
  static Stalls& instance();

  void note_success(int msgid);
  void note_busy(int msgid);
  bool refuses(int msgid);

 private:
  struct Kind {
    std::atomic<int> failures{0};
    std::atomic<std::int64_t> last_ms{0};
  };
  static constexpr std::size_t kKinds = 128;

  Kind* kind_of(int msgid);

  std::array<Kind, kKinds> kinds_;
};

}  // namespace chat::service
