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

// This server as one of those that share its database: its name and lease, the bus to the others,
// and what all of them count together.
// Threading: by one thread, in the order of the functions here; what the accessors give is as
// thread-safe as its own header says.
class ClusterNode {
 public:
  ClusterNode(const Config& config, storage::Database& database, const base::Clock& clock);

  // The schema is up to date. Fails when the database can't be shared and others could be reached.
  // Blocks.
  Result<void> open();
  // Takes the lease for this server, whose clients connect to `address`. Blocks until it is free.
  Result<void> begin(const net::Address& address, const cluster::StartWait& wait);
  Result<void> start_bus(cluster::BusListener& listener);
  void start_lease(cluster::NodeListener& listener);

  // All of them may be called again.
  void stop_rates();
  void stop_lease();
  void stop_bus();

  // Fixed after begin().
  const std::string& name() const { return name_; }
  const storage::Node& node() const { return node_; }
  cluster::Bus& bus() { return *bus_; }
  const cluster::Bus& bus() const { return *bus_; }
  cluster::NodeLease& lease() { return lease_; }
  // nullptr: this server is alone.
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
