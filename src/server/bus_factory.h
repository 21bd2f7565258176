#pragma once

#include <memory>

#include "chat/cluster/bus.h"
#include "chat/cluster/local_bus.h"
#include "chat/cluster/redis_rate_store.h"
#include "server/config/config.h"

namespace chat::server {

// The configured bus, not started. `hub` must outlive it.
std::unique_ptr<cluster::Bus> make_bus(const Config& config, cluster::LocalHub& hub);

// The rate limits shared by a cluster; nullptr for a lone server.
std::unique_ptr<cluster::RedisRateStore> make_shared_rates(const Config& config);

}  // namespace chat::server
