#include "server/bus_factory.h"

#include <fmt/format.h>

#include <random>
#include <string>

#include "chat/cluster/redis_bus.h"
#include "chat/cluster/redis_options.h"

namespace chat::server {
namespace {

// Identifies this server's own messages. Not the node's name, which a process that should have
// ended may still use.
std::string random_origin() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

cluster::RedisOptions redis_options(const Config& config) {
  cluster::RedisOptions options;
  options.host = config.redis.host;
  options.port = config.redis.port;
  options.socket = config.redis.socket;
  options.password = config.redis.password;
  options.db = config.redis.db;
  options.node = random_origin();
  return options;
}

}  // namespace

std::unique_ptr<cluster::Bus> make_bus(const Config& config, cluster::LocalHub& hub) {
  if (config.bus.engine == BusEngine::kLocal) return std::make_unique<cluster::LocalBus>(hub);
  return std::make_unique<cluster::RedisBus>(redis_options(config));
}

std::unique_ptr<cluster::RedisRateStore> make_shared_rates(const Config& config) {
  if (config.bus.engine == BusEngine::kLocal) return nullptr;
  return std::make_unique<cluster::RedisRateStore>(redis_options(config));
}

}  // namespace chat::server
