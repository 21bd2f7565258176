#include "cluster/process_mark.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "chat/base/random.h"

// A pid alone does not identify a process: pids are reused, and other pid namespaces use the same
// numbers. Together with the boot id, the pid namespace and the start time (in clock ticks since
// boot, as counted in this time namespace) it is unique for ever. /proc must show our own
// namespace; otherwise nothing is known.
namespace chat::cluster {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kNonceBytes = 8;

std::string read_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The host name as a single word.
std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  std::string word(name.data());
  std::replace_if(
      word.begin(), word.end(), [](char c) { return c <= ' ' || c == '='; }, '_');
  return word.empty() ? "unknown" : word;
}

std::uint64_t inode_of(const char* path) {
  struct stat found {};
  return ::stat(path, &found) == 0 ? static_cast<std::uint64_t>(found.st_ino) : 0;
}

struct ThreadStat {
  char state = '?';
  std::string started;  // clock ticks since boot
};

// The third field of /proc/…/stat and the 22nd. The second is the name in parentheses, which may
// contain blanks and parentheses.
std::optional<ThreadStat> read_stat(const fs::path& path) {
  constexpr int kFieldsToStart = 19;  // from the state to the start time
  const std::string line = read_line(path);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= line.size()) return std::nullopt;
  std::string_view rest = std::string_view(line).substr(name_end + 2);
  ThreadStat stat;
  stat.state = rest.front();
  for (int field = 0; field < kFieldsToStart; ++field) {
    const auto blank = rest.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(blank + 1);
  }
  stat.started = std::string(rest.substr(0, rest.find(' ')));
  return stat;
}

// The part of a mark that all processes of the same boot and namespaces share; empty if /proc does
// not show our own namespace.
std::string place() {
  std::error_code error;
  if (fs::read_symlink("/proc/self", error) != fs::path(std::to_string(::getpid()))) return {};
  const std::string boot = read_line("/proc/sys/kernel/random/boot_id");
  const std::uint64_t pids = inode_of("/proc/self/ns/pid");
  if (boot.empty() || pids == 0) return {};
  return fmt::format("{}/{}/{}", boot, pids, inode_of("/proc/self/ns/time"));
}

std::string_view field(std::string_view mark, std::string_view key) {
  while (!mark.empty()) {
    const std::string_view word = mark.substr(0, mark.find(' '));
    mark.remove_prefix(std::min(mark.size(), word.size() + 1));
    if (word.starts_with(key) && word.substr(key.size()).starts_with('=')) {
      return word.substr(key.size() + 1);
    }
  }
  return {};
}

bool is_over(char state) {
  return state == 'Z' || state == 'X';
}

// True if all threads of the process have ended. The first thread may be a zombie while others
// still exit.
bool all_threads_over(const fs::path& process) {
  std::error_code error;
  fs::directory_iterator task(process / "task", error);
  for (; !error && task != fs::directory_iterator(); task.increment(error)) {
    const auto stat = read_stat(task->path() / "stat");
    if (stat && !is_over(stat->state)) return false;
  }
  return !error;
}

}  // namespace

std::string mark_process(std::string_view address) {
  std::string mark = fmt::format("host={} pid={} listen={} nonce={}", host_name(), ::getpid(),
                                 address, base::random_hex(kNonceBytes));
  const auto stat = read_stat("/proc/self/stat");
  if (const std::string where = place(); stat && !where.empty()) {
    mark += fmt::format(" place={} started={}", where, stat->started);
  }
  return mark;
}

std::string describe_process(std::string_view mark) {
  const std::string_view pid = field(mark, "pid");
  if (pid.empty()) return "a process that does not say which it is";
  return fmt::format("process {} on {}, listening on {}", pid, field(mark, "host"),
                     field(mark, "listen"));
}

bool is_process_gone(std::string_view mark) {
  const std::string_view where = field(mark, "place");
  if (where.empty() || where != place()) return false;
  const std::string_view digits = field(mark, "pid");
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), pid);
  if (error != std::errc() || end != digits.end() || pid <= 0) return false;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  const fs::path process = "/proc/" + std::to_string(pid);
  const auto stat = read_stat(process / "stat");
  if (!stat) return false;
  return stat->started != field(mark, "started") ||
         (is_over(stat->state) && all_threads_over(process));
}

}  // namespace chat::cluster
