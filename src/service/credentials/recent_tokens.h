#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "chat/base/mutex.h"
#include "chat/session/session_context.h"

namespace chat::service {

// Tokens recently used for logins on this node. Clients that return with one of them may query the
// database even if their network has exceeded the rate limit of invalid tokens. A token revoked
// since is found invalid there.
// Threading: thread-safe. Bounds: kTokensMax to 2 * kTokensMax tokens; least recently used ones are
// dropped first.
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
