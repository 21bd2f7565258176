#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/unique_fd.h"
#include "support/deadline.h"

namespace chat::test {

// A child process. Its stdout is a pipe to the test, its stderr a file.
//
// Nothing outlives the test: the destructor kills and reaps the child, and the kernel kills it when
// the thread that started it ends, so start it on a thread that outlives it.
class ChildProcess {
 public:
  ChildProcess(const std::vector<std::string>& argv, const std::filesystem::path& stderr_file);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool running();

  // The next line of stdout, without its LF. Nothing at the end of the output or the deadline.
  std::optional<std::string> read_line(const Deadline& deadline);
  // Everything on stdout up to its end.
  std::string read_output(const Deadline& deadline);

  void send_signal(int number) const;
  // freeze() sends SIGSTOP and waits until all threads have stopped; SIGCONT continues them.
  void freeze() const;
  void thaw() const;
  // Waits for the end and reaps. The exit code, 128 + number after a signal; nothing at the
  // deadline.
  std::optional<int> wait_exit(const Deadline& deadline);

 private:
  bool read_some(const Deadline& deadline);
  void reap();

  pid_t pid_ = -1;
  base::UniqueFd pidfd_;
  base::UniqueFd output_;
  std::string unread_;
  std::optional<int> exit_code_;
};

// A program's output and exit code.
struct RunResult {
  int exit_code = 0;
  std::string output;
  std::string errors;
};

// Runs a program to its end; throws if it does not end in time.
RunResult run_to_end(const std::vector<std::string>& argv, milliseconds usual = kPatience);

// The content of a file; empty if missing.
std::string read_file(const std::filesystem::path& path);

}  // namespace chat::test
