#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "child_process.h"
#include "support/temp_dir.h"

namespace chat::test {

// A MariaDB server of the tests' own: its data in a temporary folder, reached by a Unix socket
// only, as durable as one that people's data is on. Everything else is left as it comes out of
// the package (latin1 and all): the chat server must not depend on how its database is configured.
// Start it on a thread that stays (see ChildProcess).
class MariadbServer {
 public:
  // Why there can be none here; empty when there can.
  static std::string missing();

  MariadbServer();
  ~MariadbServer();
  MariadbServer(const MariadbServer&) = delete;
  MariadbServer& operator=(const MariadbServer&) = delete;

  // Starts on the same data; returns once it answers.
  void start();
  void kill9();
  // SIGSTOP and SIGCONT: it holds its sockets and says nothing.
  void freeze();
  void thaw();

  pid_t pid() const { return child_->pid(); }
  std::string socket() const { return dir_.file("mariadb.sock"); }

  // A copy of another server's database, with its account.
  void copy_database(MariadbServer& from, const std::string& name);
  // A new database, and an account of that name that has all rights on it and nothing else.
  void create_database(const std::string& name);
  static const char* password() { return "chat test password"; }
  // Runs a statement as the administrator; gives what the client prints: rows by line, columns
  // by tab. Throws when it fails.
  std::string query(const std::string& sql, const std::string& database = "");

 private:
  void install();
  bool answers();

  TempDir dir_;
  std::unique_ptr<ChildProcess> child_;
};

}  // namespace chat::test
