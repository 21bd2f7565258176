#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/flat_map.h"
#include "chat/base/result.h"
#include "delivery/journal/stores.h"

namespace chat::delivery {

// The rows of the users of direct messages, as far as the direct lane needs them: the newest
// session epoch of a sender, and the contact revision of both sides. A message of an older session
// is never stored: the sender may meanwhile have sent it again on another node.
//
// The lane plans from memory, so it does not notice by itself that a sender was taken over on
// another node, or that a block began there. So users are looked up in the table before a batch is
// stored: if the last lookup is older than kMaxAge, by a clock that advances while the process or
// the machine is suspended, and whenever one of a sender's streams was just read, because it may
// contain messages of a newer session. On a node without others a lookup does not age, because
// this process reports its own changes (forget()), and epochs are not compared.
// Threading: externally synchronised (the lane). Bounds: kUsersMax users; then all are forgotten.
class UserLooks {
 public:
  static constexpr std::chrono::milliseconds kMaxAge{400};
  // From a lookup until the database has received what was decided by it (Connection::commit_by()):
  // shorter than a takeover waits for the older session, so that none of its messages is stored
  // after the newer session has been accepted. The rest covers several round trips.
  static constexpr std::chrono::milliseconds kHolds{750};
  static constexpr std::size_t kUsersMax = 100'000;

  UserLooks(DirectStore& store, const base::Clock& clock) : store_(store), clock_(clock) {}

  // The sender's newest session epoch if it is known to be newer than `epoch`, otherwise 0.
  SessionEpoch newer_than(SessionEpoch epoch, UserId sender) const;
  // True if the sender's epoch in the table is older than `epoch`: the database has lost rows,
  // unless the last lookup preceded the login.
  bool is_lost(SessionEpoch epoch, UserId sender) const;
  // See storage::ContactModel::bump(). 0 if unknown.
  std::int64_t contact_rev(UserId user) const;
  // Forces a lookup before the user's next message is stored: because its session may have been
  // taken over, or because its row has changed.
  void doubt(UserId sender) {
    if (compares_epochs()) forget(sender);
  }
  void forget(UserId user) { looks_.erase(user); }
  void forget_all() { looks_.clear(); }
  // Until when (Clock::boot_now()) the lookups of these users hold.
  base::SteadyTime valid_until(std::span<const UserId> users) const;
  // Looks up the users without a recent lookup, in one query. Blocks.
  Result<void> look_up(std::span<const UserId> users);

 private:
  // Of an epoch that is not compared.
  static constexpr SessionEpoch kAnyEpoch = -1;
  struct Look {
    SessionEpoch newest = kAnyEpoch;
    std::int64_t contact_rev = 0;
    base::SteadyTime at;
  };

  bool compares_epochs() const;
  bool is_older(UserId user, std::chrono::milliseconds age, base::SteadyTime now) const;

  DirectStore& store_;
  const base::Clock& clock_;
  base::FlatMap<UserId, Look> looks_;
};

}  // namespace chat::delivery
