#pragma once

#include <chrono>
#include <unordered_map>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/mutex.h"
#include "chat/base/task.h"

namespace chat::delivery {

// A login that takes its user over from another node waits here for a moment, until that node has
// written how far the older session came; otherwise the newer one would begin with what the older
// one has had. A node that does not answer is not waited for longer than kPatience.
// Threading: thread-safe; continuations run on the thread that ends the wait, without locks.
// Bounds: one entry per login that waits.
class Handover {
 public:
  static constexpr std::chrono::milliseconds kPatience{500};
  static constexpr std::chrono::milliseconds kTick{50};

  explicit Handover(const base::Clock& clock) : clock_(clock) {}

  // `then` is called once. There is one login of a user at a time (session::Registry).
  void wait(UserId user, base::Task then);
  // The older session is gone.
  void gone(UserId user);
  // Every kTick: ends the waits that took too long.
  void tick();

 private:
  struct Waiting {
    base::SteadyTime until;
    base::Task then;
  };

  const base::Clock& clock_;
  base::Mutex mutex_;
  std::unordered_map<UserId, Waiting> waiting_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::delivery
