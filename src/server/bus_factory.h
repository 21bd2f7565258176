#pragma once

#include <memory>

#include "chat/cluster/bus.h"
#include "chat/cluster/local_bus.h"
#include "chat/cluster/redis_rate_store.h"
#include "server/config/config.h"

namespace chat::server {

// The bus that the configuration names; not started yet. `hub` outlives it.
std::unique_ptr<cluster::Bus> make_bus(const Config& config, cluster::LocalHub& hub);

// What the servers of a cluster count together; nullptr where this one is alone.
std::unique_ptr<cluster::RedisRateStore> make_shared_rates(const Config& config);

}  // namespace chat::server
