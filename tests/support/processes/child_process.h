#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/unique_fd.h"
#include "support/deadline.h"

namespace chat::test {

// A program that runs beside the test. Its stdout is a pipe to the test, its stderr a file.
//
// Nothing outlives the test: the destructor kills the child and reaps it by its pid, and the
// kernel kills it when the thread that started it ends, so start it on a thread that stays.
class ChildProcess {
 public:
  ChildProcess(const std::vector<std::string>& argv, const std::filesystem::path& stderr_file);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool running();

  // The next line of stdout, without its LF. Nothing: the output ended, or the deadline passed.
  std::optional<std::string> read_line(const Deadline& deadline);
  // Everything on stdout up to its end.
  std::string read_output(const Deadline& deadline);

  void send_signal(int number) const;
  // SIGSTOP, and waits until all its threads have stopped; SIGCONT.
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

// What a program said and how it ended.
struct RunResult {
  int exit_code = 0;
  std::string output;
  std::string errors;
};

// Runs a program to its end; throws when it does not end in time.
RunResult run_to_end(const std::vector<std::string>& argv, milliseconds usual = kPatience);

// A whole file, empty when there is none.
std::string read_file(const std::filesystem::path& path);

}  // namespace chat::test
