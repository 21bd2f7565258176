#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "support/nginx_server.h"
#include "support/redis_server.h"
#include "support/server_process.h"
#include "support/test_storage.h"

namespace chat::test {

// Several chat servers on one database (of mariadb()) and one Redis of their own, as people run
// them. Each has a name and ports of its own, which it keeps when it is started again.
// Start it on a thread that stays (see ChildProcess).
class Cluster {
 public:
  // Why there can be none here; empty when there can.
  static std::string missing();

  // `more` is set for every server, and wins.
  explicit Cluster(std::size_t nodes = 2, Settings more = {});

  RedisServer& redis() { return redis_; }
  const TestStorage& storage() const { return storage_; }
  ServerProcess& node(std::size_t index) { return *nodes_.at(index); }
  std::size_t size() const { return nodes_.size(); }
  std::uint16_t port(std::size_t index) { return node(index).port(); }
  // One more server; `more` is set for it alone.
  ServerProcess& add_node(const Settings& more = {});
  // Where a balancer finds them.
  std::vector<std::uint16_t> proxy_ports() const;

 private:
  TempDir dir_;
  TestStorage storage_{dir_.path()};
  RedisServer redis_;
  Settings more_;
  std::vector<std::unique_ptr<ServerProcess>> nodes_;
  std::vector<std::uint16_t> proxy_ports_;
};

}  // namespace chat::test
