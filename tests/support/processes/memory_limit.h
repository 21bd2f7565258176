#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

namespace chat::test {

// While it lives, process `pid` can allocate only `spare` more bytes.
class MemoryLimit {
 public:
  MemoryLimit(pid_t pid, std::uint64_t spare) : pid_(pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
    std::uint64_t pages = 0;
    if (!(file >> pages) || ::prlimit(pid, RLIMIT_AS, nullptr, &before_) != 0) {
      throw std::runtime_error("no process to limit");
    }
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + spare;
    if (::prlimit(pid, RLIMIT_AS, &limit, nullptr) != 0) throw std::runtime_error("no limit");
  }
  ~MemoryLimit() { ::prlimit(pid_, RLIMIT_AS, &before_, nullptr); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  const pid_t pid_;
  rlimit before_{};
};

}  // namespace chat::test
