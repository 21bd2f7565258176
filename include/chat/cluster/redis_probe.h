#pragma once

#include <string>

#include "chat/base/result.h"
#include "chat/cluster/redis_options.h"

namespace chat::cluster {

// Connects, authenticates, asks for an answer and leaves. Blocks, for 2 s at most.
Result<void> probe_redis(const RedisOptions& options);

// "redis:host:port/db", without secrets.
std::string describe_redis_server(const RedisOptions& options);

}  // namespace chat::cluster
