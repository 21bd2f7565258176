#pragma once

#include <chrono>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/thread.h"
#include "chat/cluster/bus.h"
#include "chat/delivery/router.h"
#include "chat/storage/pool.h"

namespace chat::delivery {

// Tells those online who list a user as a friend when it comes or goes (PRESENCE, protocol.md
// "Pushes"). What is told is the state that the table has when it is told, not the one that
// somebody saw change: so whatever overtakes what, the last word is the true one. Changes of a
// moment are told together, a few queries for hundreds of users. What could not be heard on other
// nodes, because the bus was away, is told again when it is back.
// Threading: thread-safe; a thread of its own does the work; start() and stop() externally
// synchronised. Bounds: each user at most once in each of its sets, kUnheardMax in the last.
class Presence {
 public:
  static constexpr std::chrono::milliseconds kGather{50};
  static constexpr std::size_t kUnheardMax = 100'000;

  Presence(storage::Pool& pool, Router& router, HintRelay& hints, const cluster::Bus& bus)
      : pool_(pool), router_(router), hints_(hints), bus_(bus) {}
  ~Presence() { stop(); }

  void start();
  // Tells what is left, then ends.
  void stop();

  // These users came or went.
  void changed(std::span<const UserId> users);
  void changed(UserId user) { changed(std::span(&user, 1)); }
  // Another node has told this, and the bus may not have carried it: tells the users of this node.
  void changed_elsewhere(std::span<const UserId> users);
  // The bus was away: what was told lately may not have been heard.
  void repeat();

 private:
  struct Round {
    std::vector<UserId> users;
    Reach reach = Reach::kCluster;
  };

  void work();
  Round take();
  void note_told_locked(std::span<const UserId> users) CHAT_REQUIRES(mutex_);
  Result<void> tell(const Round& round);

  storage::Pool& pool_;
  Router& router_;
  HintRelay& hints_;
  const cluster::Bus& bus_;
  base::Thread thread_;

  base::Mutex mutex_;
  base::CondVar wake_;
  std::unordered_set<UserId> changed_ CHAT_GUARDED_BY(mutex_);
  std::unordered_set<UserId> changed_elsewhere_ CHAT_GUARDED_BY(mutex_);
  // Told while the bus was away, or so lately that it may have been: two generations.
  std::unordered_set<UserId> unheard_ CHAT_GUARDED_BY(mutex_);
  std::unordered_set<UserId> older_ CHAT_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point turned_ CHAT_GUARDED_BY(mutex_){};
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
