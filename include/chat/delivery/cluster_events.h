#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "chat/cluster/bus.h"
#include "chat/cluster/node_lease.h"
#include "chat/delivery/presence.h"
#include "chat/delivery/resync.h"
#include "chat/delivery/router.h"

namespace chat::delivery {

// What comes in from the other nodes, and who sees to it. Threading: thread-safe.
class ClusterEvents final : public cluster::BusListener, public cluster::NodeListener {
 public:
  ClusterEvents(Router& router, Resync& resync, Presence& presence, Directory& directory,
                std::function<void()> on_lease_lost)
      : router_(router),
        resync_(resync),
        presence_(presence),
        directory_(directory),
        lease_lost_(std::move(on_lease_lost)) {}

  void on_bus_message(const cluster::BusMessage& message) override {
    router_.on_bus_message(message);
  }
  void on_bus_gap() override {
    resync_.request();
    presence_.repeat();
    directory_.forget_all();
  }
  void on_nodes_changed() override { resync_.request(); }
  void on_users_freed(std::vector<UserId> users) override {
    presence_.changed(users);
    resync_.request();
  }
  void on_lease_lost() override { lease_lost_(); }

 private:
  Router& router_;
  Resync& resync_;
  Presence& presence_;
  Directory& directory_;
  const std::function<void()> lease_lost_;
};

}  // namespace chat::delivery
