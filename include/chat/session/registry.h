#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/flat_map.h"
#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/session/deadlines.h"

namespace chat::session {

class Session;

// Why a session is ended from outside: a reason of BYE (PROTOCOL.md, section 8).
struct Ending {
  const char* reason = "";
  std::chrono::milliseconds reconnect_after = kNeverReconnect;
};

inline constexpr Ending kTakenOver{"taken_over"};
inline constexpr Ending kAccountDeleted{"account_deleted"};
inline constexpr Ending kAccountDisabled{"account_disabled"};
inline constexpr Ending kKicked{"kicked", std::chrono::milliseconds(5000)};

// Maps each user who is logged in on this node to a session: at most one per user.
//
// A login first reserves its user. If a session that is ending, or that the login may take over,
// still holds the user, the login waits: it is called back once the user is free, and tries again.
// So the older session's cursors are written before the newer one reads them.
// Threading: thread-safe; callbacks run on the thread that frees the user, without the lock.
class Registry {
 public:
  enum class Reservation {
    kGranted,  // the session holds the user until release()
    kHeld,     // another live session holds the user
    kWait,     // `when_free` will be called
  };

  // With `takeover`, a live holder is evicted with BYE taken_over.
  Reservation reserve(UserId user, const std::shared_ptr<Session>& session, bool takeover,
                      std::function<void()> when_free);
  // Records the epoch of the claim that the session has stored in the table.
  void claimed(UserId user, const Session& session, SessionEpoch epoch);
  // The user's row has a newer epoch than the holder's claim: evicts the holder with a BYE of this
  // reason. False if no session here holds the user by a known, older claim.
  bool evict_older(UserId user, SessionEpoch newer, const Ending& ending = kTakenOver);
  // The table does not have the session that claimed the user with this epoch: evicts it with BYE
  // session_lost, after which its client may log in again. False if that session no longer holds
  // the user or is already ending.
  bool evict_lost(UserId user, SessionEpoch epoch);
  // The holder is about to give up the user; release() follows.
  void leaving(UserId user, const Session& session);
  // Frees the user if this session holds it, and calls the waiting logins.
  void release(UserId user, const Session& session);

  // The holder, or nullptr.
  std::shared_ptr<Session> find(UserId user) const;
  // `sure`: the session has claimed the user and is not ending, so as far as is known here, no
  // other node has the user.
  struct Found {
    std::shared_ptr<Session> session;
    bool sure = false;
  };
  Found look_up(UserId user) const;
  std::size_t size() const;
  struct Holder {
    UserId user;
    SessionEpoch epoch = 0;       // 0: not claimed yet
    base::SteadyTime claimed_at;  // by std::chrono::steady_clock
    std::shared_ptr<Session> session;
  };
  std::vector<Holder> all() const;
  // Nothing if the user has no session here.
  std::optional<Holder> holder_of(UserId user) const;

 private:
  struct Entry {
    std::shared_ptr<Session> session;
    SessionEpoch epoch = 0;
    base::SteadyTime claimed_at;
  };
  // State of a user who is about to become free.
  struct Change {
    bool leaving = false;
    std::vector<std::function<void()>> waiting;
  };
  static constexpr std::size_t kShards = 32;
  struct Shard {
    mutable base::Mutex mutex;
    base::FlatMap<UserId, Entry> entries CHAT_GUARDED_BY(mutex);
    // Kept apart because there are few at a time. Each belongs to an entry.
    std::unordered_map<UserId, Change> changes CHAT_GUARDED_BY(mutex);

    bool leaving_locked(UserId user) const CHAT_REQUIRES(mutex) {
      if (changes.empty()) return false;
      const auto found = changes.find(user);
      return found != changes.end() && found->second.leaving;
    }
  };

  Shard& shard_of(UserId user) { return shards_[std::hash<UserId>{}(user) >> 7 & (kShards - 1)]; }
  const Shard& shard_of(UserId user) const {
    return shards_[std::hash<UserId>{}(user) >> 7 & (kShards - 1)];
  }

  std::array<Shard, kShards> shards_;
};

}  // namespace chat::session
