#pragma once

#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/cluster/bus.h"
#include "chat/delivery/recipients.h"
#include "chat/delivery/user_name_cache.h"
#include "chat/session/registry.h"
#include "chat/storage/pool.h"
#include "chat/storage/values.h"
#include "delivery/events/bus_health.h"
#include "delivery/push/presence.h"
#include "delivery/push/takeover_waiter.h"

namespace chat::delivery {

// Searches the tables for what the bus may have lost; resync.cpp explains when and why.
// Threading: request() is thread-safe; a separate thread does the work; start() and stop()
// externally synchronised.
class Resync {
 public:
  static constexpr std::chrono::seconds kImpairedInterval{4};
  static constexpr std::chrono::milliseconds kEvictInterval{2'500};
  static constexpr std::chrono::seconds kReconcileInterval{60};
  static constexpr std::chrono::milliseconds kDatabaseInterval{2'500};
  // The pause between passes of an audit, and before a missing session is looked up again: longer
  // than connections stay with a database server that is being replaced.
  static constexpr std::chrono::milliseconds kConfirmInterval{1'500};

  Resync(session::Registry& registry, Recipients& recipients, TakeoverWaiter& takeovers,
         storage::Pool& pool, cluster::Bus& bus, const BusHealth& health, Presence& presence,
         UserNameCache& user_names)
      : registry_(registry),
        recipients_(recipients),
        takeovers_(takeovers),
        pool_(pool),
        bus_(bus),
        health_(health),
        presence_(presence),
        user_names_(user_names) {}
  ~Resync() { stop(); }

  void start(const storage::Node& node);
  void stop();
  // Requests a pass over all sessions of this node, soon.
  void request() { requested_.store(true, std::memory_order_release); }
  // The user's session here may be older than the user's row: compares it, soon.
  void suspect(UserId user);

 private:
  using Holder = session::Registry::Holder;
  using Holders = std::vector<Holder>;
  using Time = std::chrono::steady_clock::time_point;

  // Which streams of a session to read; kAllAndGroups: all, and the user's groups.
  enum class Streams { kBehind, kAll, kAllAndGroups };
  // A session missing from the table.
  struct Doubt {
    SessionEpoch epoch = 0;
    Time since;
  };
  using Doubts = std::unordered_map<UserId, Doubt>;
  struct Losses {
    std::size_t missing = 0;    // the user is not in the table
    std::size_t older = 0;      // the table has an earlier session
    std::size_t elsewhere = 0;  // the user is offline, or on another node

    std::size_t total() const { return missing + older + elsewhere; }
  };

  void work();
  Result<void> work_once();
  bool due();
  Result<void> look_at_database();
  void begin_audit(int looks);
  Result<void> audit();
  Result<void> resync();
  Result<void> read_streams(std::span<const Holder> holders, Streams streams);
  bool comparison_due() const;
  Result<void> compare_sessions();
  Result<void> compare(std::span<const Holder> holders, Doubts& doubts, Losses& losses);
  Result<void> compare_suspects();
  bool has_session(const storage::UserState& row, const Holder& holder) const;
  bool is_confirmed(const Holder& holder, Doubts& doubts) const;
  Result<bool> is_known_server(storage::Connection& connection) const;
  Result<bool> end_lost(storage::Connection& connection, const Holder& holder,
                        const storage::UserState* row);
  Result<void> review_takeovers();
  Result<void> reconcile();
  Result<void> free_left_behind();

  session::Registry& registry_;
  Recipients& recipients_;
  TakeoverWaiter& takeovers_;
  storage::Pool& pool_;
  cluster::Bus& bus_;
  const BusHealth& health_;
  Presence& presence_;
  UserNameCache& user_names_;
  storage::Node node_;  // fixed after start()
  std::atomic<bool> requested_{false};
  base::Mutex mutex_;  // nothing is called under it
  std::unordered_set<UserId> suspects_ CHAT_GUARDED_BY(mutex_);
  base::StopSignal stop_;
  base::Thread thread_;

  // confined to the thread
  Time last_run_{};
  bool was_impaired_ = false;
  Time last_comparison_{};
  Doubts doubts_;
  Time last_reconciled_{};
  Time last_asked_{};
  std::string database_server_;
  int audits_left_ = 0;
  Time next_audit_{};
  std::vector<TakeoverWaiter::Review> reviews_;           // taken but not finished
  std::unordered_map<UserId, SessionEpoch> left_behind_;  // not yet known to be released
  bool failing_ = false;
};

}  // namespace chat::delivery
