#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "child_process.h"
#include "support/temp_dir.h"

namespace chat::test {

// A private MariaDB server with its data in a temporary folder, reached by a Unix socket only, with
// full durability. Otherwise it has the packaged defaults (latin1 included), because the chat
// server must not depend on its configuration. Start it on a thread that outlives it (see
// ChildProcess).
class MariadbServer {
 public:
  // Why it is unavailable here; empty if available.
  static std::string missing();

  MariadbServer();
  ~MariadbServer();
  MariadbServer(const MariadbServer&) = delete;
  MariadbServer& operator=(const MariadbServer&) = delete;

  // Starts on the same data; returns once it answers.
  void start();
  void kill9();
  // SIGSTOP and SIGCONT: while stopped it keeps its sockets and does not answer.
  void freeze();
  void thaw();

  pid_t pid() const { return child_->pid(); }
  std::string socket() const { return dir_.file("mariadb.sock"); }

  // A copy of another server's database, with its account.
  void copy_database(MariadbServer& from, const std::string& name);
  // A new database, and an account of that name with all rights on it only.
  void create_database(const std::string& name);
  static const char* password() { return "chat test password"; }
  // Runs a statement as the administrator; returns the rows as lines, with columns separated by
  // tabs. Throws on failure.
  std::string query(const std::string& sql, const std::string& database = "");

 private:
  void install();
  bool answers();

  TempDir dir_;
  std::unique_ptr<ChildProcess> child_;
};

}  // namespace chat::test
