#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <span>
#include <unordered_set>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/thread.h"
#include "chat/cluster/bus.h"
#include "chat/storage/pool.h"
#include "delivery/push/router.h"

namespace chat::delivery {

// Notifies the online users who list a user as a friend when it logs in or out (PRESENCE,
// PROTOCOL.md, section 6). Users whom it has blocked are not notified; to those notified because of
// the block itself it looks offline. The state sent is the one in the table at that moment, not the
// change observed, so even if notifications overtake each other, the last one is right. Other nodes
// receive only the users to look up, and do the same. One-time events of other nodes (GROUP,
// CONTACT, a deleted account) are forwarded only if the table agrees. Changes within a moment are
// handled together, with a few queries for hundreds of users. Notifications that other nodes may
// have missed while the bus was down are repeated when it is up again.
// Threading: thread-safe; a separate thread does the work; start() and stop() externally
// synchronised. Bounds: each user at most once per set, kUnheardMax users and watches in unheard_;
// kWatchesMax watches elsewhere, beyond which the watched users are kept instead; kEventsMax
// events, more are dropped.
class Presence final : public ToldListener {
 public:
  static constexpr std::chrono::milliseconds kGather{50};
  static constexpr std::size_t kUnheardMax = 100'000;
  static constexpr std::size_t kWatchesMax = 100'000;
  static constexpr std::size_t kEventsMax = 10'000;

  Presence(storage::Pool& pool, Router& router, HintRelay& hints, const cluster::Bus& bus)
      : pool_(pool), router_(router), hints_(hints), bus_(bus) {}
  ~Presence() override { stop(); }

  void start();
  // Sends the rest, then ends.
  void stop();

  // These users logged in or out.
  void changed(std::span<const UserId> users);
  void changed(UserId user) { changed(std::span(&user, 1)); }
  // The same for friends that the table no longer lists.
  void changed(std::span<const storage::Watch> watches);
  // These users logged in or out on another node, and the bus may have lost it: notifies the users
  // of this node.
  void changed_elsewhere(std::span<const UserId> users);
  // Sends the user of this node the states of its friends, because it may have missed changes.
  void refresh(UserId watcher);
  void on_presence_told(const storage::Watch& watch) override;
  void on_event_told(const Hint& event) override;
  // The bus was down: repeats recent notifications, which other nodes may have missed.
  void repeat();

 private:
  // Pending notifications: to all friends of `users`, to the watchers in `watches`, and to
  // `refreshed` of all their friends.
  struct News {
    std::unordered_set<UserId> users;
    std::vector<storage::Watch> watches;
    std::unordered_set<UserId> refreshed;

    bool empty() const { return users.empty() && watches.empty() && refreshed.empty(); }
    void add(std::span<const UserId> more) { users.insert(more.begin(), more.end()); }
    void add(std::span<const storage::Watch> more);
    News take_some();
  };
  struct Round {
    News everywhere;
    News here;
    std::deque<Hint> events;

    bool empty() const { return everywhere.empty() && here.empty() && events.empty(); }
  };

  void wake_if_idle_locked() CHAT_REQUIRES(mutex_);
  void work();
  Round take();
  bool is_idle_locked() const CHAT_REQUIRES(mutex_);
  void put_back_locked(Round& round) CHAT_REQUIRES(mutex_);
  void note_told_locked(const News& news) CHAT_REQUIRES(mutex_);
  Result<void> tell(Round& round);
  Result<void> tell(storage::Connection& connection, News& news, Reach reach);
  Result<void> tell(storage::Connection& connection, std::vector<storage::Watch> watches,
                    Reach reach);
  Result<void> tell(storage::Connection& connection, std::deque<Hint>& events);

  storage::Pool& pool_;
  Router& router_;
  HintRelay& hints_;
  const cluster::Bus& bus_;
  base::Thread thread_;

  base::Mutex mutex_;
  base::CondVar wake_;
  News changed_ CHAT_GUARDED_BY(mutex_);
  News changed_elsewhere_ CHAT_GUARDED_BY(mutex_);
  std::deque<Hint> events_ CHAT_GUARDED_BY(mutex_);  // from other nodes
  // What was announced while the bus was down, or so recently that it may have been: two
  // generations.
  News unheard_ CHAT_GUARDED_BY(mutex_);
  News older_ CHAT_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point turned_ CHAT_GUARDED_BY(mutex_){};
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
