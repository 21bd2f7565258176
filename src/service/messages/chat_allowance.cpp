#include "service/messages/chat_allowance.h"

#include <utility>

#include "chat/session/session_context.h"

namespace chat::service {

ChatAllowance::ChatAllowance(std::int64_t per_second, const base::Clock& clock)
    : rate_{per_second, per_second * session::SessionOptions::kBurstSeconds}, clock_(clock) {}

ChatAllowance::Account& ChatAllowance::account_locked(Shard& shard, UserId user) {
  if (Account* found = shard.newer.find(user)) return *found;
  if (shard.newer.size() >= kAccountsMax / kShards) shard.older = std::exchange(shard.newer, {});
  Account& account = shard.newer[user];
  if (const Account* found = shard.older.find(user)) account = *found;
  return account;
}

std::chrono::milliseconds ChatAllowance::take(UserId user) {
  if (off()) return std::chrono::milliseconds(0);
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  return account_locked(shard, user).bucket.take(rate_, 1, clock_.now());
}

void ChatAllowance::logged_in(UserId user, SessionEpoch epoch) {
  if (off()) return;
  Shard& shard = shard_of(user);
  base::MutexLock lock(shard.mutex);
  Account& account = account_locked(shard, user);
  const bool was_elsewhere = account.epoch != 0 && epoch != account.epoch + 1;
  if (was_elsewhere) account.bucket.empty(rate_, clock_.now());
  account.epoch = epoch;
}

std::size_t ChatAllowance::size() {
  std::size_t size = 0;
  for (Shard& shard : shards_) {
    base::MutexLock lock(shard.mutex);
    size += shard.newer.size() + shard.older.size();
  }
  return size;
}

}  // namespace chat::service
