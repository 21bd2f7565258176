#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "delivery/journal/stores.h"

namespace chat::delivery {

// The newest session epoch of each sender, as the direct lane needs it. A message of an older
// session is never stored: the sender may meanwhile have sent it again on another node.
//
// The lane plans from memory, so it does not notice by itself that a sender was taken over on
// another node. So senders are looked up in the table before a batch is stored: if the last lookup
// is older than kMaxAge, by a clock that advances while the process or the machine is suspended,
// and whenever one of their streams was just read, because it may contain messages of the newer
// session.
// Threading: externally synchronised (the lane). Bounds: kSendersMax senders; the oldest lookups
// are dropped first.
class SenderEpochs {
 public:
  // Shorter than a takeover waits for the older session, so that none of its messages is stored
  // after the newer session has been accepted.
  static constexpr std::chrono::milliseconds kMaxAge{400};
  static constexpr std::size_t kSendersMax = 20'000;

  SenderEpochs(DirectStore& store, const base::Clock& clock) : store_(store), clock_(clock) {}

  // The sender's newest session epoch if it is known to be newer than `epoch`, otherwise 0.
  SessionEpoch newer_than(SessionEpoch epoch, UserId sender) const;
  // True if the sender's epoch in the table is older than `epoch`: the database has lost rows,
  // unless the last lookup preceded the login.
  bool is_lost(SessionEpoch epoch, UserId sender) const;
  // Forces a lookup before the sender's next message is stored.
  void doubt(UserId sender) { looks_.erase(sender); }
  // Looks up the senders without a recent lookup, in one query. Blocks.
  Result<void> look_up(std::span<const UserId> senders);

 private:
  struct Look {
    SessionEpoch newest = 0;
    base::SteadyTime at;
  };

  bool is_older(UserId sender, std::chrono::milliseconds age, base::SteadyTime now) const;
  void make_room(base::SteadyTime now);

  DirectStore& store_;
  const base::Clock& clock_;
  std::unordered_map<UserId, Look> looks_;
};

}  // namespace chat::delivery
