#pragma once

#include <chrono>
#include <cstddef>
#include <unordered_map>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/task.h"

namespace chat::delivery {

// Takeovers of users from other nodes. A login waits here until the other node reports that the
// older session has closed, because only then are its positions in the table. Without a report the
// login continues after kPatience; by then no node stores messages of the older session any more
// (UserLooks). The takeover then stays unsettled: until the report arrives, for at most
// kUnsettledMax, the older session may still receive messages meant for this one. So the user's
// streams are read again every kReviewInterval, and once more after the report.
// Threading: thread-safe; continuations run on the thread that ends the wait, without locks.
// Bounds: one entry per waiting login, kReviewsMax unsettled takeovers.
class TakeoverWaiter {
 public:
  static constexpr std::chrono::milliseconds kPatience{800};
  static constexpr std::chrono::milliseconds kTick{50};
  static constexpr std::chrono::milliseconds kReviewInterval{2'000};
  static constexpr std::chrono::seconds kUnsettledMax{30};
  static constexpr std::size_t kReviewsMax = 100'000;

  explicit TakeoverWaiter(const base::Clock& clock) : clock_(clock) {}

  // The user was claimed with `epoch`, so the session of epoch - 1 must close. `then` is called
  // once. A user has one login at a time (session::Registry).
  void wait(UserId user, SessionEpoch epoch, base::Task then);
  // The user's session of `epoch` on another node has closed.
  void gone(UserId user, SessionEpoch epoch);
  // The user has become a member of a group: one review is due.
  void review(UserId user);
  // Call every kTick: ends waits that have timed out.
  void tick();

  // A user whose streams must be read again now.
  struct Review {
    UserId user;
    SessionEpoch epoch = 0;  // of the unsettled takeover; 0: the older session has closed
  };
  std::vector<Review> take_reviews();

 private:
  struct Waiting {
    SessionEpoch epoch;
    base::SteadyTime until;
    base::Task then;
  };
  struct Unsettled {
    SessionEpoch epoch;  // 0: one last review is due
    base::SteadyTime next;
    base::SteadyTime until;
  };

  void leave_unsettled_locked(UserId user, SessionEpoch epoch) CHAT_REQUIRES(mutex_);
  void settle_locked(UserId user, SessionEpoch gone) CHAT_REQUIRES(mutex_);

  const base::Clock& clock_;
  base::Mutex mutex_;  // nothing is called under it
  std::unordered_map<UserId, Waiting> waiting_ CHAT_GUARDED_BY(mutex_);
  std::unordered_map<UserId, Unsettled> unsettled_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::delivery
