#include "server/memory_trim.h"

#include <malloc.h>
#include <time.h>

#include <utility>

namespace chat::server {
namespace {

// The CPU time per interval above which the process counts as busy: a twentieth of one core.
constexpr std::chrono::nanoseconds kCalmMax = std::chrono::nanoseconds(MemoryTrim::kInterval) / 20;

}  // namespace

MemoryTrim::MemoryTrim(CpuTime cpu_time, std::function<void()> trim)
    : cpu_time_(std::move(cpu_time)), trim_(std::move(trim)), before_(cpu_time_()) {}

void MemoryTrim::tick() {
  const auto now = cpu_time_();
  const bool busy = now - std::exchange(before_, now) > kCalmMax;
  if (std::exchange(was_busy_, busy) && !busy) trim_();
}

std::chrono::nanoseconds MemoryTrim::cpu_time_of_process() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void MemoryTrim::trim_now() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace chat::server
