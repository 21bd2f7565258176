#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "child_process.h"
#include "support/deadline.h"
#include "support/temp_dir.h"
#include "support/test_storage.h"

namespace chat::test {

// How a server ends whose lease another one has taken.
inline constexpr int kExitLeaseLost = 3;

// The path of the chatserver program under test, from $CHATSERVER.
std::string chatserver_path();

// The program with settings for tests: a free port of the loopback address, an SQLite file in
// `dir`, cheap password hashes, no rate limits. `more` comes last and wins.
std::vector<std::string> chatserver_command(const std::filesystem::path& dir,
                                            const Settings& more = {});

// A chat server that runs beside the test, on a directory and a storage of its own that outlive
// its restarts.
// When a test fails, its log is printed; what a sanitizer says on its stderr fails the test, and so
// does a secret of the test's clients in its log (secrets.h). Start it on a thread that stays (see
// ChildProcess).
class ServerProcess {
 public:
  explicit ServerProcess(Settings settings = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // One more setting, from the next start on.
  void set(std::string setting) { settings_.push_back(std::move(setting)); }
  // Starts on the same file; returns once the server says that it is ready.
  void start();
  // The same without waiting: is_ready() tells whether it has become so.
  void launch();
  bool is_ready();
  // SIGTERM; checks that the server exits with 0 within the 5 s that it promises.
  void terminate();
  // SIGTERM without waiting; SIGKILL and reaped.
  void send_sigterm() const;
  void kill9();
  // SIGSTOP and SIGCONT: it holds its sockets and says nothing. freeze() waits until it stands.
  void freeze() const;
  void thaw() const;
  // After send_sigterm(): the exit code, nothing when it takes longer than it may.
  std::optional<int> wait_exit();

  std::uint16_t port() const { return port_; }
  // Where it listens for balancers; 0: nowhere.
  std::uint16_t proxy_port() const { return proxy_port_; }
  pid_t pid() const;
  bool running();
  // The line that it printed when it was ready.
  const std::string& ready_line() const { return ready_line_; }
  const std::filesystem::path& dir() const { return dir_.path(); }
  const TestStorage& storage() const { return storage_; }
  std::string log() const;

  // Memory of the process that no file backs, in KiB (RssAnon of /proc/<pid>/status): what the
  // server itself holds, without its program text and SQLite's mapped index of the log.
  std::int64_t memory_kib() const;

 private:
  void expect_no_finding();
  void expect_no_secret_logged() const;
  void take_ready_line(const std::string& line);
  [[noreturn]] void fail_start(const std::string& why);

  TempDir dir_;
  TestStorage storage_{dir_.path()};
  Settings settings_;
  std::unique_ptr<ChildProcess> child_;
  std::string ready_line_;
  std::uint16_t port_ = 0;
  std::uint16_t proxy_port_ = 0;
};

}  // namespace chat::test
