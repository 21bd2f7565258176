#pragma once

#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/pool.h"

namespace chat::service {

// Fills the search index after the start, if names are missing there (storage::SearchBackfill), in
// small steps with pauses, so that it slows nobody down. Until it is done, FIND misses some.
// Threading: a separate thread, which ends when all is done; start() and stop() externally
// synchronised. Ownership: the pool outlives it.
class SearchFiller {
 public:
  explicit SearchFiller(storage::Pool& pool) : pool_(pool) {}
  ~SearchFiller() { stop(); }

  void start();
  void stop();

 private:
  void work();

  storage::Pool& pool_;
  base::StopSignal stop_;
  base::Thread thread_;
};

}  // namespace chat::service
