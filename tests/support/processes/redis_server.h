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
  bool tcp = false;      // also listens on a free port of 127.0.0.1
  std::string password;  // empty: no password
};

// A private Redis server, reached by a Unix socket. It stores nothing on disk, so a restart loses
// all data. Start it on a thread that outlives it (see ChildProcess).
class RedisServer {
 public:
  // Why it is unavailable here; empty if available.
  static std::string missing();

  explicit RedisServer(RedisSettings settings = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // On the same socket and port as before; returns once it answers.
  void start();
  void kill9();
  // SIGSTOP and SIGCONT: while stopped it keeps its sockets and does not answer.
  void freeze();
  void thaw();

  std::string socket() const { return dir_.file("redis.sock"); }
  std::uint16_t port() const { return port_; }

  // Returns the output of redis-cli; throws if Redis refuses the command.
  std::string command(const std::vector<std::string>& words);
  // How often a command was called since the start, according to INFO.
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
