#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "chat/base/mutex.h"

namespace chat::service {

// Password hashes that a registration or password change of unknown outcome may have stored; the
// client was told `unavailable`. If it repeats the request and the account has this hash, whose
// salt is random, the earlier request took effect.
// Threading: thread-safe. Bounds: kMax accounts; a full table is cleared, and then a repetition is
// handled like a new request.
class UnsettledHashes {
 public:
  static constexpr std::size_t kMax = 10'000;

  void add(const std::string& account, std::string hash) {
    base::MutexLock lock(mutex_);
    if (hashes_.size() >= kMax) hashes_.clear();
    hashes_[account] = std::move(hash);
  }
  bool has(const std::string& account, std::string_view hash) const {
    base::MutexLock lock(mutex_);
    const auto found = hashes_.find(account);
    return found != hashes_.end() && found->second == hash;
  }
  void erase(const std::string& account) {
    base::MutexLock lock(mutex_);
    hashes_.erase(account);
  }

 private:
  mutable base::Mutex mutex_;
  std::unordered_map<std::string, std::string> hashes_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::service
