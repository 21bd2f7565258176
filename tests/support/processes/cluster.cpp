#include "cluster.h"

#include <utility>

#include "free_port.h"

namespace chat::test {
namespace {

std::string loopback(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

}  // namespace

std::string Cluster::missing() {
  if (std::string why = MariadbServer::missing(); !why.empty()) return why;
  return RedisServer::missing();
}

Cluster::Cluster(std::size_t nodes, Settings more, Wiring wiring)
    : more_(std::move(more)), wiring_(wiring) {
  while (nodes_.size() < nodes) add_node();
}

ServerProcess& Cluster::add_node(const Settings& more) {
  const std::uint16_t proxy_port = free_port();
  Settings settings = storage_.settings();
  settings.push_back("server.node=node-" + std::to_string(nodes_.size() + 1));
  settings.push_back("server.listen=" + loopback(free_port()));
  settings.push_back("server.proxy_listen=" + loopback(proxy_port));
  settings.push_back("bus.engine=redis");
  settings.push_back("redis.socket=" + redis_.socket());
  if (wiring_ == Wiring::kOwnLinks) {
    links_.push_back(std::make_unique<NodeLinks>(mariadb().socket(), redis_.socket()));
    settings.push_back("mysql.socket=" + links_.back()->database.socket());
    settings.push_back("redis.socket=" + links_.back()->redis.socket());
  }
  settings.insert(settings.end(), more_.begin(), more_.end());
  settings.insert(settings.end(), more.begin(), more.end());
  nodes_.push_back(std::make_unique<ServerProcess>(std::move(settings)));
  proxy_ports_.push_back(proxy_port);
  return *nodes_.back();
}

std::vector<std::uint16_t> Cluster::proxy_ports() const {
  return proxy_ports_;
}

}  // namespace chat::test
