#pragma once

#include <chrono>
#include <functional>

// Time in tests: nothing sleeps; everything waits for a condition with a deadline.
namespace chat::test {

using std::chrono::milliseconds;

// The longest that a healthy server on a busy machine may take for anything tests wait for.
inline constexpr milliseconds kPatience{10'000};

// True if the server under test is built with a sanitizer, which makes it slower and larger.
bool sanitized();

// Deadlines and latency bounds are multiplied by this: $CHAT_TEST_TIME_FACTOR, by default 1, and
// more for a sanitized server.
double time_factor();
milliseconds scaled(milliseconds usual);

// A deadline, computed from the usual time, which is scaled.
class Deadline {
 public:
  explicit Deadline(milliseconds usual = kPatience);
  bool passed() const { return left() == milliseconds{0}; }
  milliseconds left() const;
  // For poll(2).
  int poll_timeout() const { return static_cast<int>(left().count()); }

 private:
  std::chrono::steady_clock::time_point due_;
};

// Polls a condition. False at the deadline.
bool wait_until(const std::function<bool()>& condition, milliseconds usual = kPatience);

}  // namespace chat::test
