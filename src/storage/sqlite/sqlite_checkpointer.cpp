#include "storage/sqlite/sqlite_checkpointer.h"

#include <chrono>
#include <optional>
#include <utility>

#include "chat/base/log.h"
#include "chat/base/log_limiter.h"

namespace chat::storage {
namespace {

constinit log::Limiter checkpoint_failures{log::kRepeatedFault};

constexpr int kEagerPages = 4000;           // 16 MiB of new pages start a pass at once
constexpr int kLongWalPages = 8000;         // 32 MiB: time to let the WAL start over
constexpr std::chrono::seconds kLatest{1};  // after a write
constexpr std::chrono::seconds kEmptyEvery{30};
constexpr int kLastWaitMs = 1000;  // for readers, when stopping

}  // namespace

void SqliteCheckpointer::start(SqliteHandle db) {
  db_ = std::move(db);
  sqlite3_busy_timeout(db_.get(), 0);  // waits for nobody: writers may be waiting for it
  emptied_at_ = std::chrono::steady_clock::now();
  {
    base::MutexLock lock(mutex_);
    stopping_ = false;
    // A WAL left by a killed process is carried over too.
    pending_ = true;
    due_ = std::chrono::steady_clock::now();
  }
  thread_ = base::Thread("checkpoint", [this] { work(); });
}

void SqliteCheckpointer::stop() {
  if (db_ == nullptr) return;
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
  thread_.join();
  sqlite3_busy_timeout(db_.get(), kLastWaitMs);
  checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
  db_.reset();
}

void SqliteCheckpointer::committed(int wal_pages) {
  bool wake = false;
  {
    base::MutexLock lock(mutex_);
    const bool started_over = wal_pages < last_wal_pages_;
    new_pages_ += started_over ? wal_pages : wal_pages - last_wal_pages_;
    last_wal_pages_ = wal_pages;
    wake = !pending_ || new_pages_ >= kEagerPages;
    if (!pending_) due_ = std::chrono::steady_clock::now() + kLatest;
    pending_ = true;
  }
  if (wake) woken_.notify_one();
}

void SqliteCheckpointer::work() {
  while (wait_for_work()) pass();
}

// False when told to stop.
bool SqliteCheckpointer::wait_for_work() {
  base::MutexLock lock(mutex_);
  while (!stopping_ && new_pages_ < kEagerPages) {
    if (!pending_) {
      woken_.wait(mutex_);
    } else if (!woken_.wait_until(mutex_, due_)) {
      break;
    }
  }
  pending_ = false;
  quiet_ = new_pages_ == 0;
  new_pages_ = 0;
  return !stopping_;
}

// After a complete pass, only pages written meanwhile are left. If the WAL is long by then, these
// are carried over at once with the writers blocked: another concurrent pass would let the WAL grow
// if the writers are faster than the disk.
void SqliteCheckpointer::pass() {
  if (!complete_ || !wal_is_long()) checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  if (complete_ && wal_is_long()) {
    const auto turn = lane_.enter();
    checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  }
  if (complete_ && is_to_be_emptied()) empty();
  // While there are pages, looks again, to see whether there were no writes.
  if (!complete_ || pages_left_ > 0) try_again_later();
}

bool SqliteCheckpointer::is_to_be_emptied() const {
  if (pages_left_ == 0) return false;
  return quiet_ || std::chrono::steady_clock::now() - emptied_at_ >= kEmptyEvery;
}

// Waits for no reader: one that uses the WAL makes the attempt fail, and it is repeated later.
void SqliteCheckpointer::empty() {
  const auto turn = lane_.enter();
  checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
  if (!complete_) return;
  emptied_at_ = std::chrono::steady_clock::now();
  base::MutexLock lock(mutex_);
  last_wal_pages_ = 0;
}

bool SqliteCheckpointer::wal_is_long() {
  base::MutexLock lock(mutex_);
  return last_wal_pages_ > kLongWalPages;
}

void SqliteCheckpointer::checkpoint(int mode) {
  int wal_pages = 0;
  int carried = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_.get(), nullptr, mode, &wal_pages, &carried);
  complete_ = code == SQLITE_OK && carried == wal_pages;
  pages_left_ = wal_pages;
  if ((code & 0xFF) == SQLITE_BUSY) {
    log::debug("event=checkpoint_incomplete wal_pages={} carried={}", wal_pages, carried);
  } else if (code != SQLITE_OK) {
    log::limited(log::Level::kWarn, checkpoint_failures, "event=checkpoint_failed error={}",
                 log::quoted(sqlite_error(db_.get(), code, "checkpoint").message));
  }
}

void SqliteCheckpointer::try_again_later() {
  base::MutexLock lock(mutex_);
  pending_ = true;
  due_ = std::chrono::steady_clock::now() + kLatest;
}

}  // namespace chat::storage
