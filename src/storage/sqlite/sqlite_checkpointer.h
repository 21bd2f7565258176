#pragma once

#include <cstddef>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "chat/base/thread.h"
#include "storage/sqlite/sqlite_handle.h"
#include "storage/sqlite/writer_lane.h"

namespace chat::storage {

// Carries committed pages from the WAL into the database file, so that commits don't have to.
//
// A PASSIVE checkpoint blocks nobody, but the WAL restarts only if all of it is carried over when a
// writer begins. Under constant load that never happens by itself, and the file would grow without
// bound. So once the WAL is long and only writers prevent the restart, the rest is carried over
// inside the writer lane: this short pause lets the next writer restart the WAL. While a reader
// holds an old snapshot, that is impossible; the pass is repeated until the reader is done.
//
// What was deleted or overwritten stays in the WAL until other pages take its place. So the WAL is
// emptied once there are no writes for a second, and every half minute while there are.
// Threading: thread-safe; start() and stop() externally synchronised.
class SqliteCheckpointer {
 public:
  explicit SqliteCheckpointer(WriterLane& lane) : lane_(lane) {}
  ~SqliteCheckpointer() { stop(); }

  void start(SqliteHandle db);
  // Ends the thread, then empties the WAL unless a reader prevents it.
  void stop();

  // Call after each commit, with the number of pages in the WAL. Never blocks for long.
  void committed(int wal_pages);

 private:
  void work();
  bool wait_for_work();
  void pass();
  bool wal_is_long();
  bool is_to_be_emptied() const;
  void empty();
  void checkpoint(int mode);
  void try_again_later();

  WriterLane& lane_;
  SqliteHandle db_;        // confined to the thread while it runs
  bool complete_ = false;  // likewise: the last checkpoint carried over everything
  // Likewise:
  int pages_left_ = 0;  // in the WAL, after the last checkpoint
  bool quiet_ = false;  // nothing was written between the last two passes
  base::SteadyTime emptied_at_{};
  base::Thread thread_;

  base::Mutex mutex_;
  base::CondVar woken_;
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
  bool pending_ CHAT_GUARDED_BY(mutex_) =
      false;  // there are pages to carry over, at the latest by due_
  base::SteadyTime due_ CHAT_GUARDED_BY(mutex_);
  int last_wal_pages_ CHAT_GUARDED_BY(mutex_) = 0;
  int new_pages_ CHAT_GUARDED_BY(mutex_) = 0;  // since the last pass began
};

}  // namespace chat::storage
