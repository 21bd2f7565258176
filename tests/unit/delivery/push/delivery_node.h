#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <future>
#include <memory>
#include <vector>

#include "chat/cluster/local_bus.h"
#include "chat/delivery/backlog.h"
#include "chat/delivery/recipients.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/session/registry.h"
#include "chat/storage/pool.h"
#include "delivery/cursors/receipts.h"
#include "delivery/cursors/writeback.h"
#include "delivery/events/bus_health.h"
#include "delivery/events/cluster_events.h"
#include "delivery/events/hint_relay.h"
#include "delivery/events/resync.h"
#include "delivery/push/presence.h"
#include "delivery/push/router.h"
#include "delivery/push/takeover_waiter.h"
#include "support/session_rig.h"

namespace chat::delivery {

struct LoginOptions {
  std::size_t loop = 0;
  bool acknowledges = false;
};

// One node with two loops: its sessions, router and what the router stands on. Other nodes share
// the hub.
struct DeliveryNode {
  DeliveryNode(storage::Database& database, cluster::LocalHub& hub)
      : pool(database, {}, base::system_clock()), bus(hub) {
    router.set_told_listener(&presence);
    router.set_suspect_listener([this](UserId user) { resync.suspect(user); });
    EXPECT_TRUE(bus.start(events));
    presence.start();
  }
  ~DeliveryNode() {
    presence.stop();
    rig.stop();
    bus.stop();
  }

  test::SessionRig::Pair log_in(UserId user, const std::vector<GroupId>& groups = {},
                                const LoginOptions& options = {}) {
    auto pair = rig.connect(options.loop);
    EXPECT_EQ(registry.reserve(user, pair.session, false, {}),
              session::Registry::Reservation::kGranted);
    registry.claimed(user, *pair.session, 1);
    std::promise<void> attached;
    recipients.attach(pair.session, user, options.acknowledges, groups,
                      [&attached] { attached.set_value(); });
    attached.get_future().wait();
    auto positions = backlog.positions(user);
    EXPECT_TRUE(positions);
    recipients.open(pair.session, *positions, {});
    return pair;
  }
  void log_out(UserId user, const std::shared_ptr<session::Session>& session) {
    std::promise<void> detached;
    recipients.detach(session, [&detached] { detached.set_value(); });
    detached.get_future().wait();
    registry.release(user, *session);
  }

  test::SessionRig rig{2, 2};
  storage::Pool pool;
  UserNameCache user_names{pool};
  Backlog backlog{pool, user_names};
  Writeback writeback{pool};
  cluster::LocalBus bus;
  session::Registry registry;
  Recipients recipients{rig.loops(), backlog, writeback, bus, rig.workers()};
  TakeoverWaiter takeovers{base::system_clock()};
  BusHealth health{bus, base::system_clock(), [](bool) {}};
  HintRelay hints{pool, health};
  Router router{rig.loops(), registry, recipients, takeovers, health, hints, user_names, bus};
  Presence presence{pool, router, hints, bus};
  Resync resync{registry, recipients, takeovers, pool, bus, health, presence, user_names};
  Receipts receipts{router, hints, pool};
  ClusterEvents events{router, resync, presence, receipts, user_names, health, [] {}};
};

}  // namespace chat::delivery
