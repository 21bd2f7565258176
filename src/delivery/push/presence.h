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

// Tells those online who list a user as a friend when it comes or goes (PRESENCE, PROTOCOL.md,
// section 6). What is told is the state that the table has when it is told, not the one that
// somebody saw change: so whatever overtakes what, the last word is the true one. The other nodes
// hear only of whom to look up, and do the same. Likewise what they tell once (GROUP, CONTACT, an
// account deleted): it is believed where the table agrees with it. Changes of a moment are told
// together, a few queries for hundreds of users. What could not be heard on other nodes, because
// the bus was away, is told again when it is back.
// Threading: thread-safe; a thread of its own does the work; start() and stop() externally
// synchronised. Bounds: each user at most once in each of its sets, kUnheardMax in the last;
// kWatchesMax friends of users, of more the users; kEventsMax events, more are lost.
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
  // Tells what is left, then ends.
  void stop();

  // These users came or went.
  void changed(std::span<const UserId> users);
  void changed(UserId user) { changed(std::span(&user, 1)); }
  // Their friends are to be told, whom the table does not name any more.
  void changed(std::span<const storage::Watch> watches);
  // Another node has told this, and the bus may not have carried it: tells the users of this node.
  void changed_elsewhere(std::span<const UserId> users);
  void on_presence_told(const storage::Watch& watch) override;
  void on_event_told(const Hint& event) override;
  // The bus was away: what was told lately may not have been heard.
  void repeat();

 private:
  // Whose state is to be told: to all friends of `users`, and to those of `watches`.
  struct News {
    std::unordered_set<UserId> users;
    std::vector<storage::Watch> watches;

    bool empty() const { return users.empty() && watches.empty(); }
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
  std::deque<Hint> events_ CHAT_GUARDED_BY(mutex_);  // of other nodes
  // Told while the bus was away, or so lately that it may have been: two generations.
  std::unordered_set<UserId> unheard_ CHAT_GUARDED_BY(mutex_);
  std::unordered_set<UserId> older_ CHAT_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point turned_ CHAT_GUARDED_BY(mutex_){};
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
