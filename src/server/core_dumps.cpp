#include "server/core_dumps.h"

#include <sys/resource.h>

#include <algorithm>

namespace chat::server {
namespace {

// No core file is as small as one byte, so none is written. If the kernel pipes dumps to a program
// (core_pattern begins with |), it ignores the limit, even 0, except for 1, which marks a process
// that must not be dumped (core(5), do_coredump).
constexpr rlim_t kNoDump = 1;

}  // namespace

// Not by PR_SET_DUMPABLE, which would make root own /proc/PID/{fd,io,smaps}, so that users who run
// the server could no longer inspect it.
void forbid_core_dumps() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_max = std::min(limit.rlim_max, kNoDump);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace chat::server
