#pragma once

#include <chrono>
#include <functional>

namespace chat::server {

// Gives back to the system what a burst has left behind: the C library keeps pages that were freed
// between others still in use, and after 19 000 logins at once that is 200 bytes a connection. It
// happens when a busy time is over, since whoever allocates waits for it.
// Threading: externally synchronised; the functions are called by tick().
class MemoryTrim {
 public:
  static constexpr std::chrono::seconds kInterval{2};

  using CpuTime = std::function<std::chrono::nanoseconds()>;  // used by the process so far
  MemoryTrim(CpuTime cpu_time, std::function<void()> trim);

  // Call it every kInterval.
  void tick();

  static std::chrono::nanoseconds cpu_time_of_process();
  // Takes milliseconds, more with gigabytes. Nothing where the C library can't.
  static void trim_now();

 private:
  const CpuTime cpu_time_;
  const std::function<void()> trim_;
  std::chrono::nanoseconds before_;
  bool was_busy_ = false;
};

}  // namespace chat::server
