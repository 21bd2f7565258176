#include "processes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace chat::bench {
namespace {

std::optional<std::string> content_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

bool read_cpu_clock(int pid, ProcessSample& out) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return false;
  out.cpu_s = static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  return true;
}

// utime and stime are the 12th and 13th word after the name, which may itself contain spaces.
bool read_cpu(int pid, ProcessSample& out) {
  const auto stat = content_of(fmt::format("/proc/{}/stat", pid));
  if (!stat || stat->rfind(')') == std::string::npos) return false;
  std::istringstream words(stat->substr(stat->rfind(')') + 1));
  std::string word;
  for (int skipped = 0; skipped < 11; ++skipped) words >> word;
  double user = 0;
  double system = 0;
  words >> user >> system;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  out.user_s = user / ticks;
  out.system_s = system / ticks;
  return static_cast<bool>(words) && read_cpu_clock(pid, out);
}

std::uint64_t kib_field(const std::string& text, const char* name) {
  const auto at = text.find(name);
  if (at == std::string::npos) return 0;
  return std::strtoull(text.c_str() + at + std::char_traits<char>::length(name), nullptr, 10) *
         1024;
}

void read_memory(int pid, ProcessSample& out) {
  const auto rollup = content_of(fmt::format("/proc/{}/smaps_rollup", pid));
  if (!rollup) return;
  out.rss_bytes = kib_field(*rollup, "\nRss:");
  out.anonymous_bytes = kib_field(*rollup, "\nAnonymous:");
  out.private_dirty_bytes = kib_field(*rollup, "\nPrivate_Dirty:");
}

}  // namespace

std::optional<ProcessSample> sample_process(int pid) {
  ProcessSample out;
  if (!read_cpu(pid, out)) return std::nullopt;
  read_memory(pid, out);
  return out;
}

Samples sample_all(const std::vector<Watched>& watched) {
  Samples out;
  out.at = time_now();
  for (const Watched& process : watched) {
    out.processes.push_back(sample_process(process.pid).value_or(ProcessSample{}));
  }
  return out;
}

}  // namespace chat::bench
