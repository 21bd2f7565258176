#pragma once

#include <chrono>
#include <cstddef>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/pool.h"
#include "chat/storage/values.h"

namespace chat::delivery {

// Deletes old messages that everyone they were for has received (storage.retention_days). What
// the journal still needs stays however old it is: the end of each stream, by which its head and
// the cids of its last messages are known. Works through the streams in small steps with pauses
// between, a pass every kPassInterval; so it disturbs nobody, and what it leaves today goes
// tomorrow.
// Threading: a thread of its own; start() and stop() externally synchronised.
class Retention {
 public:
  static constexpr std::chrono::minutes kPassInterval{10};

  Retention(storage::Pool& pool, const base::Clock& clock) : pool_(pool), clock_(clock) {}
  ~Retention() { stop(); }

  // 0 days: keeps everything, and starts nothing.
  void start(std::chrono::days keep);
  void stop();

  // One whole pass, without the pauses: what is older than `keep` goes. How many were deleted.
  Result<std::size_t> run_once(std::chrono::days keep);

 private:
  void work(std::chrono::days keep);
  Result<std::size_t> pass(UnixMillis before, std::chrono::milliseconds pause);
  Result<std::size_t> prune_direct_streams(UnixMillis before, std::chrono::milliseconds pause);
  Result<std::size_t> prune_groups(UnixMillis before, std::chrono::milliseconds pause);

  storage::Pool& pool_;
  const base::Clock& clock_;
  base::StopSignal stop_;
  base::Thread thread_;
};

}  // namespace chat::delivery
