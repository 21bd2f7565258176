#include "chat/cluster/redis_probe.h"

#include "cluster/redis/redis_connection.h"
#include "cluster/redis/wakeup.h"

namespace chat::cluster {

Result<void> probe_redis(const RedisOptions& options) {
  Wakeup never;
  if (auto opened = never.open(); !opened) return opened;
  const auto connection = RedisConnection::open(options, never);
  if (!connection) return fail(connection);
  return {};
}

std::string describe_redis_server(const RedisOptions& options) {
  return describe_redis(options);
}

}  // namespace chat::cluster
