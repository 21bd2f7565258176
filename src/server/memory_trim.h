#pragma once

#include <chrono>
#include <functional>

namespace chat::server {

// Returns memory to the system after a burst: malloc keeps freed pages between pages still in use;
// after 19,000 logins at once they amount to 200 bytes per connection. Done when a busy period is
// over, because it blocks all allocations.
// Threading: externally synchronised; the functions are called by tick().
class MemoryTrim {
 public:
  static constexpr std::chrono::seconds kInterval{2};

  using CpuTime = std::function<std::chrono::nanoseconds()>;  // of the process so far
  MemoryTrim(CpuTime cpu_time, std::function<void()> trim);

  // Call every kInterval.
  void tick();

  static std::chrono::nanoseconds cpu_time_of_process();
  // Takes milliseconds, more with gigabytes. Does nothing if the C library does not support it.
  static void trim_now();

 private:
  const CpuTime cpu_time_;
  const std::function<void()> trim_;
  std::chrono::nanoseconds before_;
  bool was_busy_ = false;
};

}  // namespace chat::server
