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

// The exit code of a server that has lost its lease.
inline constexpr int kExitLeaseLost = 3;

// The path of the chatserver program under test, from $CHATSERVER.
std::string chatserver_path();

// The program with settings for tests: a free port of the loopback address, an SQLite file in
// `dir`, cheap password hashes, no rate limits. `more` comes last and wins.
std::vector<std::string> chatserver_command(const std::filesystem::path& dir,
                                            const Settings& more = {});

// A chat server process with its own directory and storage, which outlive restarts. If the test
// fails, its log is printed; a sanitizer report on its stderr fails the test, and so does a secret
// of the test's clients in its log (secrets.h). Start it on a thread that outlives it (see
// ChildProcess).
class ServerProcess {
 public:
  explicit ServerProcess(Settings settings = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Adds a setting, effective from the next start.
  void set(std::string setting) { settings_.push_back(std::move(setting)); }
  // Starts on the same storage; returns once the server reports that it is ready.
  void start();
  // The same without waiting; see is_ready().
  void launch();
  bool is_ready();
  // Sends SIGTERM and checks that the server exits with 0 within the documented 5 s.
  void terminate();
  // SIGTERM without waiting; SIGKILL and reaped.
  void send_sigterm() const;
  void kill9();
  // SIGSTOP and SIGCONT: while stopped it keeps its sockets and does not answer. freeze() waits
  // until it has stopped.
  void freeze() const;
  void thaw() const;
  // After send_sigterm(): the exit code; nothing if it takes too long.
  std::optional<int> wait_exit();

  std::uint16_t port() const { return port_; }
  // The port for balancers; 0: none.
  std::uint16_t proxy_port() const { return proxy_port_; }
  pid_t pid() const;
  bool running();
  // The line that it printed when it was ready.
  const std::string& ready_line() const { return ready_line_; }
  const std::filesystem::path& dir() const { return dir_.path(); }
  const TestStorage& storage() const { return storage_; }
  std::string log() const;
  std::string admin_socket() const { return (dir() / "admin.sock").string(); }

  // Anonymous memory of the process in KiB (RssAnon of /proc/<pid>/status), which excludes its
  // program text and SQLite's mapped WAL index.
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
