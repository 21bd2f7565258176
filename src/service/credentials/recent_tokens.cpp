#include "service/credentials/recent_tokens.h"

#include <cstring>
#include <utility>

namespace chat::service {
namespace {

// Part of a hash is random enough as a key.
std::uint64_t key_of(const session::TokenHash& token) {
  std::uint64_t key = 0;
  std::memcpy(&key, token.data(), sizeof(key));
  return key;
}

}  // namespace

bool RecentTokens::contains(const session::TokenHash& token) {
  base::MutexLock lock(mutex_);
  return newer_.contains(key_of(token)) || older_.contains(key_of(token));
}

void RecentTokens::add(const session::TokenHash& token) {
  base::MutexLock lock(mutex_);
  if (newer_.size() >= kTokensMax) older_ = std::exchange(newer_, {});
  newer_.insert(key_of(token));
}

void RecentTokens::remove(const session::TokenHash& token) {
  base::MutexLock lock(mutex_);
  newer_.erase(key_of(token));
  older_.erase(key_of(token));
}

}  // namespace chat::service
