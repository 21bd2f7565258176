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

// Which session of each sender is the newest, as far as the direct lane has to know it. A message
// of an older session is never stored: the sender may have sent it again on another node since.
//
// The lane plans from memory, so it does not notice by itself that a sender was taken over on
// another node. So senders are looked up in the table before a batch is stored: when the last look
// is older than kMaxAge, by a clock that goes on while the process or the machine stands still, and
// whenever one of their streams was just read, which may hold what the newer session has written.
// Threading: externally synchronised (the lane). Bounds: kSendersMax senders, old looks out first.
class SenderEpochs {
 public:
  // Less than a takeover waits for the older session, so that none of its messages is stored once
  // the newer one has been welcomed.
  static constexpr std::chrono::milliseconds kMaxAge{400};
  static constexpr std::size_t kSendersMax = 20'000;

  SenderEpochs(DirectStore& store, const base::Clock& clock) : store_(store), clock_(clock) {}

  // The newest session of the sender, if it is known to be newer than this one; 0: it is not.
  SessionEpoch newer_than(SessionEpoch epoch, UserId sender) const;
  // The table has no session of the sender that is as new as this one: it has lost rows, unless the
  // last look was before the login.
  bool is_lost(SessionEpoch epoch, UserId sender) const;
  // What is known of the sender is not enough to store anything.
  void doubt(UserId sender) { looks_.erase(sender); }
  // Looks those up of whom too little is known, in one query. Blocks.
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
