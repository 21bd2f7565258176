#include "server/core_dumps.h"

#include <sys/resource.h>

#include <algorithm>

namespace chat::server {
namespace {

// No file is as small as this one byte, so none is written. And where the kernel hands dumps to a
// program (core_pattern begins with |) it does so whatever the limit is, also with 0; but not
// with 1, which is its mark of a process that must not be dumped (core(5), do_coredump).
constexpr rlim_t kNoDump = 1;

}  // namespace

// Not by PR_SET_DUMPABLE: it would give /proc/PID/{fd,io,smaps} to root, and those who run the
// server under their own account could not look at what it holds any more.
void forbid_core_dumps() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_max = std::min(limit.rlim_max, kNoDump);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace chat::server
