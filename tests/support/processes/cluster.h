#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nginx_server.h"
#include "redis_server.h"
#include "server_process.h"
#include "support/proxies/fault_proxy.h"
#include "support/proxies/mysql_proxy.h"
#include "support/test_storage.h"

namespace chat::test {

// One server's links to the database and to Redis, each through a separate proxy.
struct NodeLinks {
  NodeLinks(std::string database_socket, std::string redis_socket)
      : database(std::move(database_socket)), redis(std::move(redis_socket)) {}
  MysqlProxy database;
  FaultProxy redis;
};

// Whether the servers reach the database and Redis directly, or over NodeLinks.
enum class Wiring { kDirect, kOwnLinks };

// A cluster: several chat servers on one database of mariadb() and a private Redis. Each has its
// own name and ports, which it keeps when restarted. Start it on a thread that outlives it (see
// ChildProcess).
class Cluster {
 public:
  // Why it is unavailable here; empty if available.
  static std::string missing();

  // `more` is set for every server, and wins.
  explicit Cluster(std::size_t nodes = 2, Settings more = {}, Wiring wiring = Wiring::kDirect);

  RedisServer& redis() { return redis_; }
  const TestStorage& storage() const { return storage_; }
  ServerProcess& node(std::size_t index) { return *nodes_.at(index); }
  std::size_t size() const { return nodes_.size(); }
  std::uint16_t port(std::size_t index) { return node(index).port(); }
  // With Wiring::kOwnLinks.
  NodeLinks& links(std::size_t index) { return *links_.at(index); }
  // One more server; `more` is set for it alone.
  ServerProcess& add_node(const Settings& more = {});
  // The ports for a balancer.
  std::vector<std::uint16_t> proxy_ports() const;

 private:
  TempDir dir_;
  TestStorage storage_{dir_.path()};
  RedisServer redis_;
  Settings more_;
  const Wiring wiring_;
  std::vector<std::unique_ptr<NodeLinks>> links_;  // they outlive the servers
  std::vector<std::unique_ptr<ServerProcess>> nodes_;
  std::vector<std::uint16_t> proxy_ports_;
};

}  // namespace chat::test
