#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "chat/base/ids.h"
#include "chat/base/mutex.h"

namespace chat::delivery {

// Tells the direct lane which users' contact rules have just changed on this node, so that the
// change binds before it is acknowledged.
// Threading: thread-safe. Bounds: kUsersMax users; beyond that all count as changed.
class ContactNews {
 public:
  // How long a client waits for the answer to its change. The lane works longer on a batch only
  // while the database hangs.
  static constexpr std::chrono::milliseconds kPatience{1500};
  static constexpr std::size_t kUsersMax = 10'000;

  // The users' rules have changed in the table. Batches that begin from now on look them up; one
  // that is being decided is waited for. Blocks until it is stored, for at most `patience`. False
  // if it is not stored by then: the change does not bind all messages yet, and the call must be
  // repeated before the change is acknowledged.
  [[nodiscard]] bool changed(std::span<const UserId> users,
                             std::chrono::milliseconds patience = kPatience);

  struct Changes {
    std::vector<UserId> users;
    bool all = false;
  };
  // The lane begins a batch: returns what has changed since the last call.
  Changes begin_batch();
  void end_batch();

 private:
  base::Mutex mutex_;
  base::CondVar ended_;
  Changes changes_ CHAT_GUARDED_BY(mutex_);
  bool at_work_ CHAT_GUARDED_BY(mutex_) = false;
  std::uint64_t batches_ CHAT_GUARDED_BY(mutex_) = 0;
};

}  // namespace chat::delivery
