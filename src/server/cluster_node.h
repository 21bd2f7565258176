#pragma once

#include <memory>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/cluster/bus.h"
#include "chat/cluster/local_bus.h"
#include "chat/cluster/node_claim.h"
#include "chat/cluster/node_lease.h"
#include "chat/cluster/redis_rate_store.h"
#include "chat/net/address.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"
#include "server/config/config.h"

namespace chat::server {

// This server as a node of its cluster: its name and lease, the bus, and the shared rate limits.
// Threading: by one thread, in the order of the functions here; the returned objects are as
// thread-safe as their headers say.
class ClusterNode {
 public:
  ClusterNode(const Config& config, storage::Database& database, const base::Clock& clock);

  // Precondition: the schema is up to date. Fails if a bus is configured but the database cannot be
  // shared. Blocks.
  Result<void> open();
  // Takes the lease of this server, which listens at `address`. Blocks until it is free.
  Result<void> begin(const net::Address& address, const cluster::StartWait& wait);
  Result<void> start_bus(cluster::BusListener& listener);
  void start_lease(cluster::NodeListener& listener);

  // All of them may be called again.
  void stop_rates();
  void stop_lease();
  void stop_bus();

  // Fixed after begin().
  const std::string& name() const { return name_; }
  const std::string& cluster_id() const { return cluster_id_; }
  const storage::Node& node() const { return node_; }
  cluster::Bus& bus() { return *bus_; }
  const cluster::Bus& bus() const { return *bus_; }
  cluster::NodeLease& lease() { return lease_; }
  // nullptr for a lone server.
  base::RateStore* shared_rates() { return shared_rates_.get(); }

 private:
  storage::Database& database_;
  cluster::LocalHub hub_;
  const std::unique_ptr<cluster::Bus> bus_;
  const std::unique_ptr<cluster::RedisRateStore> shared_rates_;
  cluster::NodeLease lease_;
  std::string cluster_id_;  // fixed after open()
  std::string name_;
  storage::Node node_;
};

}  // namespace chat::server
