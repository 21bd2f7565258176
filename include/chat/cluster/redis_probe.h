#pragma once

#include <string>

#include "chat/base/result.h"
#include "chat/cluster/redis_options.h"

namespace chat::cluster {

// Connects, authenticates, sends a PING and disconnects. Blocks for at most 2 s.
Result<void> probe_redis(const RedisOptions& options);

// "redis:host:port/db", without secrets.
std::string describe_redis_server(const RedisOptions& options);

}  // namespace chat::cluster
