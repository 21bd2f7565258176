#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "chat/cluster/bus.h"
#include "chat/cluster/node_lease.h"
#include "delivery/cursors/receipts.h"
#include "delivery/events/bus_health.h"
#include "delivery/events/hint_relay.h"
#include "delivery/events/resync.h"
#include "delivery/push/presence.h"
#include "delivery/push/router.h"

namespace chat::delivery {

// Dispatches the events of the bus and of other nodes. Threading: thread-safe.
class ClusterEvents final : public cluster::BusListener,
                            public cluster::NodeListener,
                            public HintListener {
 public:
  ClusterEvents(Router& router, Resync& resync, Presence& presence, Receipts& receipts,
                UserNameCache& user_names, BusHealth& health, std::function<void()> on_lease_lost)
      : router_(router),
        resync_(resync),
        presence_(presence),
        receipts_(receipts),
        user_names_(user_names),
        health_(health),
        lease_lost_(std::move(on_lease_lost)) {}

  void on_bus_message(const cluster::BusMessage& message) override {
    router_.on_bus_message(message);
  }
  void on_bus_gap() override {
    resync_.request();
    presence_.repeat();
    user_names_.forget_all();
    health_.note_gap();
  }
  void on_nodes_changed() override { resync_.request(); }
  void on_nodes_seen(const std::vector<storage::NodeRow>& living) override {
    health_.nodes_seen(living);
  }
  void on_node_ended(const storage::Node& ended) override { router_.node_ended(ended); }
  void on_users_freed(std::vector<UserId> users) override {
    presence_.changed(users);
    resync_.request();
  }
  void on_lease_lost() override { lease_lost_(); }
  Result<void> on_hints(const std::vector<Hint>& hints) override;

 private:
  Router& router_;
  Resync& resync_;
  Presence& presence_;
  Receipts& receipts_;
  UserNameCache& user_names_;
  BusHealth& health_;
  const std::function<void()> lease_lost_;
};

}  // namespace chat::delivery
