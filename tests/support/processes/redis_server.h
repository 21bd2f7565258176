#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "child_process.h"
#include "support/temp_dir.h"

namespace chat::test {

struct RedisSettings {
  bool tcp = false;      // listens on a free port of 127.0.0.1 too
  std::string password;  // empty: anybody may come in
};

// A Redis server of the tests' own, reached by a Unix socket. It keeps nothing on disk: killed and
// started again, it has forgotten everything. Start it on a thread that stays (see ChildProcess).
class RedisServer {
 public:
  // Why there can be none here; empty when there can.
  static std::string missing();

  explicit RedisServer(RedisSettings settings = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // On the same socket and port as before; returns once it answers.
  void start();
  void kill9();
  // SIGSTOP and SIGCONT: it holds its sockets and says nothing.
  void freeze();
  void thaw();

  std::string socket() const { return dir_.file("redis.sock"); }
  std::uint16_t port() const { return port_; }

  // Gives what redis-cli prints; throws when Redis refuses the command.
  std::string command(const std::vector<std::string>& words);
  // How often a command has been called since the start, as INFO counts it.
  std::int64_t calls(const std::string& command_name);

 private:
  std::vector<std::string> client(const std::vector<std::string>& words) const;
  bool answers() const;

  const RedisSettings settings_;
  const std::uint16_t port_;  // 0: none
  TempDir dir_;
  std::unique_ptr<ChildProcess> child_;
};

}  // namespace chat::test
