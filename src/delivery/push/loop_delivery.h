#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/worker_pool.h"
#include "chat/cluster/bus.h"
#include "chat/delivery/backlog.h"
#include "chat/delivery/stream.h"
#include "delivery/cursors/writeback.h"
#include "delivery/push/window.h"

namespace chat::session {
class Session;
}

namespace chat::delivery {

// One I/O loop's part of delivery: the rosters of the groups with members logged in here, and the
// windows whose cursors moved. A group message reaches each loop as one task and fans out from this
// memory, without locks.
// Threading: loop-confined. Ownership: outlives its loop's sessions.
class LoopDelivery final : public WindowHost {
 public:
  LoopDelivery(Backlog& backlog, Writeback& writeback, cluster::Bus& bus, base::WorkerPool& workers)
      : backlog_(backlog), writeback_(writeback), bus_(bus), workers_(workers) {}

  // Creates the session's window, with pushes held back, and adds it to its groups' rosters.
  // `heard` is called once its channels are subscribed, on any thread.
  void attach(session::Session& session, UserId user, bool acknowledges,
              const std::vector<GroupId>& groups, base::Task heard);
  // Removes the window once everything pushed is written to the socket; passes its cursors to the
  // writeback, then calls `then`.
  void detach(session::Session& session, base::Task then);

  // To all members on this loop.
  void offer_to_group(GroupId group, const Push& push);
  void offer_event_to_group(GroupId group, const std::shared_ptr<const std::string>& json,
                            UserId except);
  void offer_receipt_to_group(const Receipt& receipt,
                              const std::shared_ptr<const std::string>& json, UserId except);

  // The members on this loop.
  std::size_t online_in(GroupId group) const;
  void offer_typing_to_group(GroupId group, const std::string& json, UserId except);

  // Call every kInterval of the writeback: passes it the moved cursors, and retries failed
  // catch-ups.
  void tick();

  // Call before traffic begins. `refresh` is called in the loop, and must be quick.
  void set_presence_refresher(std::function<void(UserId)> refresh) {
    refresh_presence_ = std::move(refresh);
  }

  bool add_to_roster(GroupId group, Window& window) override;
  void remove_from_roster(GroupId group, Window& window) override;
  void listen(std::vector<cluster::Channel> channels, base::Task heard) override {
    bus_.subscribe(std::move(channels), std::move(heard));
  }
  void add_dirty(Window& window) override { dirty_.push_back(&window); }
  bool request_page(Window& window, std::vector<Want> wants) override;
  void refresh_presence(UserId user) override { refresh_presence_(user); }
  void remove(Window& window) override;

 private:
  template <typename Offer>
  void offer_to_others(GroupId group, UserId except, Offer offer);
  bool drop_from_roster(GroupId group, Window& window);

  Backlog& backlog_;
  Writeback& writeback_;
  cluster::Bus& bus_;
  base::WorkerPool& workers_;
  std::unordered_map<GroupId, std::vector<Window*>> rosters_;
  std::vector<Window*> dirty_;
  std::vector<Window*> failed_;  // retried at the next tick
  std::uint64_t last_window_id_ = 0;
  std::function<void(UserId)> refresh_presence_ = [](UserId) {};
};

}  // namespace chat::delivery
