#pragma once

#include <memory>

#include "chat/cluster/bus.h"
#include "chat/cluster/local_bus.h"
#include "server/config.h"

namespace chat::server {

// The bus that the configuration names; not started yet. `hub` outlives it.
std::unique_ptr<cluster::Bus> make_bus(const Config& config, cluster::LocalHub& hub);

}  // namespace chat::server
