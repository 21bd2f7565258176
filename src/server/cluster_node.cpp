#include "server/cluster_node.h"

#include <utility>

#include "server/bus_factory.h"
#include "server/database_setup.h"

namespace chat::server {

ClusterNode::ClusterNode(const Config& config, storage::Database& database,
                         const base::Clock& clock)
    : database_(database),
      bus_(make_bus(config, hub_)),
      shared_rates_(make_shared_rates(config)),
      lease_(database, clock),
      name_(config.server.node) {}

Result<void> ClusterNode::open() {
  auto id = read_cluster_id(database_);
  if (!id) return fail(id);
  cluster_id_ = *std::move(id);
  if (bus_->alone() || !database_.exclusive()) return {};
  return fail(
      ErrorCode::kInvalidArgument,
      database_.describe() + " cannot be shared by several servers: use storage.engine=mysql");
}

Result<void> ClusterNode::begin(const net::Address& address, const cluster::StartWait& wait) {
  if (name_.empty()) name_ = default_node_name(address);
  const cluster::NodeClaim claim{name_, bus_->alone(), database_.exclusive(), address.to_string()};
  auto node = lease_.begin(claim, wait);
  if (!node) return fail(node);
  node_ = *node;
  return {};
}

Result<void> ClusterNode::start_bus(cluster::BusListener& listener) {
  if (shared_rates_ != nullptr) {
    if (auto opened = shared_rates_->open(cluster_id_); !opened) return opened;
  }
  bus_->set_cluster(cluster_id_);
  if (auto started = bus_->start(listener); !started) return started;
  bus_->subscribe({cluster::kChannelOfAll}, {});
  return {};
}

void ClusterNode::start_lease(cluster::NodeListener& listener) {
  lease_.start(listener);
}

void ClusterNode::stop_rates() {
  if (shared_rates_ != nullptr) shared_rates_->stop();
}

void ClusterNode::stop_lease() {
  lease_.stop();
}

void ClusterNode::stop_bus() {
  bus_->stop();
}

}  // namespace chat::server
