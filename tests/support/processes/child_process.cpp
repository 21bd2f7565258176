#include "child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "support/temp_dir.h"

namespace chat::test {

namespace {

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

bool wait_readable(int fd, const Deadline& deadline) {
  pollfd entry{fd, POLLIN, 0};
  while (true) {
    const int ready = ::poll(&entry, 1, deadline.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) throw_errno("poll");
  }
}

// Between fork and exec, only async-signal-safe calls are allowed in a threaded process.
[[noreturn]] void become(char* const* argv, int output, int errors, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  if (::dup2(output, STDOUT_FILENO) < 0 || ::dup2(errors, STDERR_FILENO) < 0) ::_exit(127);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& argv,
                           const std::filesystem::path& stderr_file) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe2");
  output_.reset(ends[0]);
  const base::UniqueFd child_output(ends[1]);
  const base::UniqueFd child_errors(
      ::open(stderr_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!child_errors) throw_errno("open " + stderr_file.string());

  std::vector<std::string> words = argv;
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw_errno("fork");
  if (pid_ == 0) become(pointers.data(), child_output.get(), child_errors.get(), parent);
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) throw_errno("pidfd_open");
}

ChildProcess::~ChildProcess() {
  if (exit_code_ || pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  reap();
}

bool ChildProcess::running() {
  if (exit_code_) return false;
  pollfd entry{pidfd_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 0;
}

bool ChildProcess::read_some(const Deadline& deadline) {
  if (!wait_readable(output_.get(), deadline)) return false;
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
  if (count <= 0) return false;
  unread_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> ChildProcess::read_line(const Deadline& deadline) {
  while (true) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    if (!read_some(deadline)) return std::nullopt;
  }
}

std::string ChildProcess::read_output(const Deadline& deadline) {
  while (read_some(deadline)) {
  }
  return std::exchange(unread_, {});
}

void ChildProcess::send_signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);
}

// On a busy machine a thread may stop long after kill() has returned.
void ChildProcess::freeze() const {
  send_signal(SIGSTOP);
  const bool halted = wait_until([this] {
    siginfo_t state{};
    // Leaves the state to reap().
    ::waitid(P_PID, static_cast<id_t>(pid_), &state, WSTOPPED | WEXITED | WNOHANG | WNOWAIT);
    return exit_code_ || state.si_pid == pid_;
  });
  if (!halted) throw std::runtime_error("process " + std::to_string(pid_) + " does not stop");
}

void ChildProcess::thaw() const {
  send_signal(SIGCONT);
}

std::optional<int> ChildProcess::wait_exit(const Deadline& deadline) {
  if (!exit_code_) {
    if (!wait_readable(pidfd_.get(), deadline)) return std::nullopt;
    reap();
  }
  return exit_code_;
}

void ChildProcess::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) break;
  }
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

RunResult run_to_end(const std::vector<std::string>& argv, milliseconds usual) {
  const TempDir dir;
  const Deadline deadline(usual);
  ChildProcess child(argv, dir.path() / "stderr");
  RunResult result;
  result.output = child.read_output(deadline);
  const auto code = child.wait_exit(deadline);
  result.errors = read_file(dir.path() / "stderr");
  if (!code) throw std::runtime_error("did not end in time: " + argv[0] + "\n" + result.errors);
  result.exit_code = *code;
  return result;
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace chat::test
