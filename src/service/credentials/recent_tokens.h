#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "chat/base/mutex.h"
#include "chat/session/session_context.h"

namespace chat::service {

// Tokens that have logged somebody in on this node of late. Clients that come back with one of them
// are let through to the database where their network has used up its allowance of invalid tokens.
// A token that was revoked since is found invalid there.
// Threading: thread-safe. Bounds: kTokensMax to 2 * kTokensMax; those that were not used for
// longest are forgotten first.
class RecentTokens {
 public:
  static constexpr std::size_t kTokensMax = 32768;

  bool contains(const session::TokenHash& token);
  void add(const session::TokenHash& token);
  void remove(const session::TokenHash& token);

 private:
  base::Mutex mutex_;
  std::unordered_set<std::uint64_t> newer_ CHAT_GUARDED_BY(mutex_);
  std::unordered_set<std::uint64_t> older_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::service
