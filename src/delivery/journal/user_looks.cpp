#include "delivery/journal/user_looks.h"

#include <algorithm>

#include "chat/base/sabotage.h"
#include "delivery/push/takeover_waiter.h"

namespace chat::delivery {

static_assert(UserLooks::kMaxAge < UserLooks::kHolds);
static_assert(UserLooks::kHolds < TakeoverWaiter::kPatience);

SessionEpoch UserLooks::newer_than(SessionEpoch epoch, UserId sender) const {
  const Look* found = looks_.find(sender);
  return found != nullptr && found->newest > epoch ? found->newest : 0;
}

bool UserLooks::is_lost(SessionEpoch epoch, UserId sender) const {
  const Look* found = looks_.find(sender);
  return found != nullptr && found->newest != kAnyEpoch && found->newest < epoch;
}

std::int64_t UserLooks::contact_rev(UserId user) const {
  const Look* found = looks_.find(user);
  return found == nullptr ? 0 : found->contact_rev;
}

base::SteadyTime UserLooks::valid_until(std::span<const UserId> users) const {
  auto until = clock_.boot_now() + kHolds;
  if (!store_.shared()) return until;  // this process reports its own changes
  for (const UserId user : users) {
    const Look* found = looks_.find(user);
    if (found != nullptr) until = std::min(until, found->at + kHolds);
  }
  return until;
}

// A query that is due also includes users for whom one would be due soon. So busy users are looked
// up together, once per kMaxAge, however many batches there are.
Result<void> UserLooks::look_up(std::span<const UserId> users) {
  const auto now = clock_.boot_now();
  if (looks_.size() + users.size() > kUsersMax) looks_.clear();
  const bool due = std::any_of(users.begin(), users.end(),
                               [&](UserId user) { return is_older(user, kMaxAge, now); });
  if (!due) return {};
  std::vector<UserId> asked;
  for (const UserId user : users) {
    if (is_older(user, kMaxAge / 2, now)) asked.push_back(user);
  }
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  const auto states = store_.states(asked);
  if (!states) return fail(states);
  const bool compares = compares_epochs();
  for (const UserId user : asked) {
    Look& look = looks_[user];
    look.newest = compares ? 0 : kAnyEpoch;
    look.at = now;
  }
  for (const storage::UserState& state : *states) {
    Look& look = looks_[state.id];
    if (compares) look.newest = state.session_epoch;
    if (look.contact_rev != 0 && base::sabotaged(base::Sabotage::kLocalBlocks)) continue;
    look.contact_rev = state.contact_rev;
  }
  return {};
}

bool UserLooks::compares_epochs() const {
  return store_.shared() && !base::sabotaged(base::Sabotage::kStoreOlder);
}

bool UserLooks::is_older(UserId user, std::chrono::milliseconds age, base::SteadyTime now) const {
  const Look* found = looks_.find(user);
  return found == nullptr || (store_.shared() && now - found->at >= age);
}

}  // namespace chat::delivery
