#pragma once

#include <chrono>
#include <functional>

// Time in tests: nothing sleeps, everything waits for a condition and gives up at a deadline.
namespace chat::test {

using std::chrono::milliseconds;

// How long a healthy server may take for anything that a test waits for, on a busy machine.
inline constexpr milliseconds kPatience{10'000};

// Whether the server under test is built with a sanitizer: slower, and with another memory.
bool sanitized();

// Deadlines and latency bounds are multiplied by this: $CHAT_TEST_TIME_FACTOR, by default 1, and
// more for a sanitized server.
double time_factor();
milliseconds scaled(milliseconds usual);

// A moment after which a test gives up; made from the usual time, which is scaled.
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

// For conditions that no descriptor tells about: looks again and again. False at the deadline.
bool wait_until(const std::function<bool()>& condition, milliseconds usual = kPatience);

}  // namespace chat::test
