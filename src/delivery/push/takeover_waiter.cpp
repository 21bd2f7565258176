#include "delivery/push/takeover_waiter.h"

#include <utility>

namespace chat::delivery {

void TakeoverWaiter::wait(UserId user, SessionEpoch epoch, base::Task then) {
  base::MutexLock lock(mutex_);
  waiting_[user] = {epoch, clock_.now() + kPatience, std::move(then)};
}

void TakeoverWaiter::leave_unsettled_locked(UserId user, SessionEpoch epoch) {
  if (unsettled_.size() >= kReviewsMax) return;
  const auto now = clock_.now();
  Unsettled& entry = unsettled_[user];
  if (epoch < entry.epoch) return;
  entry = {epoch, now + kReviewInterval, now + kUnsettledMax};
}

// A report about an older session does not end the wait for a newer one: if takeovers follow each
// other quickly, several older sessions exist, on several nodes.
void TakeoverWaiter::gone(UserId user, SessionEpoch epoch) {
  base::Task then;
  {
    base::MutexLock lock(mutex_);
    const auto found = waiting_.find(user);
    if (found == waiting_.end()) return settle_locked(user, epoch);
    if (epoch + 1 < found->second.epoch) return;
    then = std::move(found->second.then);
    waiting_.erase(found);
  }
  then();
}

void TakeoverWaiter::review(UserId user) {
  base::MutexLock lock(mutex_);
  if (unsettled_.size() < kReviewsMax) unsettled_[user].next = {};
}

void TakeoverWaiter::settle_locked(UserId user, SessionEpoch gone) {
  const auto found = unsettled_.find(user);
  if (found == unsettled_.end()) {
    if (unsettled_.size() < kReviewsMax) unsettled_[user] = {};
  } else if (gone + 1 >= found->second.epoch) {
    found->second = {};
  } else {
    found->second.next = {};
  }
}

void TakeoverWaiter::tick() {
  std::vector<base::Task> late;
  {
    base::MutexLock lock(mutex_);
    const auto now = clock_.now();
    for (auto entry = waiting_.begin(); entry != waiting_.end();) {
      if (entry->second.until > now) {
        ++entry;
        continue;
      }
      leave_unsettled_locked(entry->first, entry->second.epoch);
      late.push_back(std::move(entry->second.then));
      entry = waiting_.erase(entry);
    }
  }
  for (base::Task& then : late) then();
}

std::vector<TakeoverWaiter::Review> TakeoverWaiter::take_reviews() {
  std::vector<Review> reviews;
  base::MutexLock lock(mutex_);
  const auto now = clock_.now();
  for (auto entry = unsettled_.begin(); entry != unsettled_.end();) {
    Unsettled& unsettled = entry->second;
    if (unsettled.next > now) {
      ++entry;
      continue;
    }
    reviews.push_back({entry->first, unsettled.epoch});
    unsettled.next = now + kReviewInterval;
    entry = unsettled.epoch == 0 || now >= unsettled.until ? unsettled_.erase(entry) : ++entry;
  }
  return reviews;
}

}  // namespace chat::delivery
