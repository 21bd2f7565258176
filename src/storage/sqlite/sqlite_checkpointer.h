#pragma once

#include <cstddef>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/base/thread.h"
#include "storage/sqlite/sqlite_handle.h"
#include "storage/sqlite/writer_lane.h"

namespace chat::storage {

// Carries committed pages from the WAL into the database file, so that no commit has to.
//
// A PASSIVE checkpoint disturbs nobody, but the WAL starts over only when all of it is carried
// over at the moment when a writer begins. Under constant load that moment never comes by
// itself, and the file would grow for ever. So once the WAL is long, and only the writers are
// in the way, the rest is carried over inside the writer lane: that little pause lets the next
// writer start the WAL at its beginning. While a reader holds an old snapshot, nothing helps;
// the pass is repeated until it is gone.
// Threading: thread-safe; start() and stop() externally synchronised.
class SqliteCheckpointer {
 public:
  explicit SqliteCheckpointer(WriterLane& lane) : lane_(lane) {}
  ~SqliteCheckpointer() { stop(); }

  void start(SqliteHandle db);
  // Ends the thread, then empties the WAL if no reader is in the way.
  void stop();

  // After each commit: how many pages the WAL has now. Never blocks for long.
  void committed(int wal_pages);

 private:
  void work();
  bool wait_for_work();
  void pass();
  bool wal_is_long();
  void checkpoint(int mode);
  void try_again_later();

  WriterLane& lane_;
  SqliteHandle db_;        // the thread's, while it runs
  bool complete_ = false;  // likewise: did the last checkpoint carry over all there was?
  base::Thread thread_;

  base::Mutex mutex_;
  base::CondVar woken_;
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
  bool pending_ CHAT_GUARDED_BY(mutex_) = false;  // something to carry over, at the latest by due_
  base::SteadyTime due_ CHAT_GUARDED_BY(mutex_);
  int last_wal_pages_ CHAT_GUARDED_BY(mutex_) = 0;
  int new_pages_ CHAT_GUARDED_BY(mutex_) = 0;  // since the last pass began
};

}  // namespace chat::storage
