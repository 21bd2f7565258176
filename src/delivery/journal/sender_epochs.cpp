#include "delivery/journal/sender_epochs.h"

#include <algorithm>

#include "chat/base/sabotage.h"
#include "delivery/push/takeover_waiter.h"

namespace chat::delivery {

static_assert(SenderEpochs::kMaxAge < TakeoverWaiter::kPatience);

SessionEpoch SenderEpochs::newer_than(SessionEpoch epoch, UserId sender) const {
  const auto found = looks_.find(sender);
  return found != looks_.end() && found->second.newest > epoch ? found->second.newest : 0;
}

bool SenderEpochs::is_lost(SessionEpoch epoch, UserId sender) const {
  const auto found = looks_.find(sender);
  return found != looks_.end() && found->second.newest < epoch;
}

// A query that is due also includes senders for whom one would be due soon. So busy senders are
// looked up together, once per kMaxAge, however many batches there are.
Result<void> SenderEpochs::look_up(std::span<const UserId> senders) {
  if (!store_.shared() || base::sabotaged(base::Sabotage::kStoreOlder)) return {};
  const auto now = clock_.boot_now();
  const bool due = std::any_of(senders.begin(), senders.end(),
                               [&](UserId sender) { return is_older(sender, kMaxAge, now); });
  if (!due) return {};
  std::vector<UserId> asked;
  for (const UserId sender : senders) {
    if (is_older(sender, kMaxAge / 2, now)) asked.push_back(sender);
  }
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  const auto states = store_.states(asked);
  if (!states) return fail(states);
  make_room(now);
  for (const UserId sender : asked) looks_[sender] = {0, now};
  for (const storage::UserState& state : *states) looks_[state.id].newest = state.session_epoch;
  return {};
}

bool SenderEpochs::is_older(UserId sender, std::chrono::milliseconds age,
                            base::SteadyTime now) const {
  const auto found = looks_.find(sender);
  return found == looks_.end() || now - found->second.at >= age;
}

void SenderEpochs::make_room(base::SteadyTime now) {
  if (looks_.size() < kSendersMax) return;
  std::erase_if(looks_, [now](const auto& item) { return now - item.second.at >= kMaxAge; });
  if (looks_.size() >= kSendersMax) looks_.clear();
}

}  // namespace chat::delivery
