#pragma once

#include <chrono>
#include <cstddef>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/pool.h"
#include "chat/storage/prune_model.h"
#include "chat/storage/values.h"

namespace chat::delivery {

// Deletes old messages that all recipients have received (storage.retention_days), in a group
// including former members, who may still read what came before the end of their membership. The
// end of each stream is kept regardless of age, because the journal needs it for the head and the
// cids of the last messages; and so is the newest text (storage::PruneModel). Makes one pass over
// the streams every kPassInterval, in small steps with pauses, so that it slows nobody down; what
// one pass leaves, the next deletes.
// Threading: a separate thread; start() and stop() externally synchronised.
class Retention {
 public:
  static constexpr std::chrono::minutes kPassInterval{10};

  Retention(storage::Pool& pool, const base::Clock& clock) : pool_(pool), clock_(clock) {}
  ~Retention() { stop(); }

  // 0 days: keeps everything and starts no thread.
  void start(std::chrono::days keep);
  void stop();

  // One complete pass without pauses: deletes messages older than `keep`; returns how many.
  Result<std::size_t> run_once(std::chrono::days keep);

 private:
  void work(std::chrono::days keep);
  Result<std::size_t> pass(UnixMillis before, std::chrono::milliseconds pause);
  storage::PruneModel::Bounds bounds_of(Seq delivered, Seq head, UnixMillis before) const;
  Result<std::size_t> prune_direct_streams(UnixMillis before, std::chrono::milliseconds pause);
  Result<std::size_t> prune_groups(UnixMillis before, std::chrono::milliseconds pause);

  storage::Pool& pool_;
  const base::Clock& clock_;
  base::StopSignal stop_;
  base::Thread thread_;
};

}  // namespace chat::delivery
