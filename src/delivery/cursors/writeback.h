#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/thread.h"
#include "chat/storage/claims.h"
#include "chat/storage/pool.h"
#include "chat/storage/values.h"

namespace chat::delivery {

// Receives the results of writes. Called on the writeback's thread; must not call the writeback.
class WritebackListener {
 public:
  virtual ~WritebackListener() = default;
  virtual void on_cursors_written(std::span<const storage::CursorMove> moves) = 0;
  // These users were set offline, which excludes users with a newer session.
  virtual void on_released(std::span<const UserId> users) = 0;
  // release() had failed at first and called `then` with true. By now the session's cursors are
  // written, and a newer session has the user.
  virtual void on_gone_late(UserId user, SessionEpoch epoch) = 0;
};

// Writes releases of users, and cursors. Releases are written at once: those that arrive during a
// write share the next transaction. Cursors, and releases that failed at first, are coalesced and
// written a moment later.
//
// All writes are idempotent: cursors only move forward, and a release made by an earlier attempt
// counts as made. So a commit whose answer was lost is simply repeated, and then reported.
//
// A row locked by another transaction delays only its own user, whose writes are kept for the next
// flush. For a while after a lock was met, writes pass over locked rows instead of waiting.
// Threading: thread-safe; a separate thread does the work; start() and stop() externally
// synchronised. Bounds: one position per stream and one release per recently logged-in user.
class Writeback {
 public:
  static constexpr std::chrono::milliseconds kInterval{200};
  // How long after a lock was met more locks are expected.
  static constexpr std::chrono::milliseconds kCareful{5'000};

  explicit Writeback(storage::Pool& pool) : pool_(pool) {}
  ~Writeback() { stop(); }

  // The listener, if any, outlives the traffic. `node` owns the sessions to release.
  void start(WritebackListener* listener = nullptr, const storage::Node& node = {});
  // Writes the rest, then ends.
  void stop();

  // Queues cursor moves; later positions of a stream replace earlier ones.
  void add(const std::vector<storage::CursorMove>& moves);
  // Writes the user's cursors and sets it offline, in one transaction, then calls `then` on the
  // writeback's thread: false if a newer session has the user. A failed release is retried later,
  // and `then` gets true. `then` must be quick.
  void release(UserId user, SessionEpoch epoch, std::function<void(bool newest)> then);

 private:
  using Moves = std::unordered_map<UserId, std::vector<storage::CursorMove>>;
  struct Leaving {
    storage::Release release;
    std::function<void(bool newest)> then;
    std::vector<storage::CursorMove> moves;
  };

  void work();
  bool take(std::vector<Leaving>& leaving, bool& flush_due);
  void let_go(std::span<Leaving> leaving);
  void keep(Leaving& leaving);
  void flush(bool last);
  // Like write(), but repeated at once, a few times, while the outcome is unknown.
  Result<void> write_settled(const std::vector<storage::CursorMove>& moves,
                             std::vector<storage::Release>& releases);
  // Sets the releases' outcomes. Moves whose rows are locked are kept for the next flush.
  Result<void> write(const std::vector<storage::CursorMove>& moves,
                     std::vector<storage::Release>& releases);
  // Returns the moves skipped because their rows are locked.
  Result<std::vector<storage::CursorMove>> move_cursors(storage::Connection& connection,
                                                        std::span<const storage::CursorMove> moves);
  void tell(const std::vector<storage::CursorMove>& moves,
            std::span<const storage::Release> releases);
  void merge_locked(const std::vector<storage::CursorMove>& moves) CHAT_REQUIRES(mutex_);

  storage::Pool& pool_;
  WritebackListener* listener_ = nullptr;  // fixed after start()
  storage::Node node_;                     // likewise
  base::Thread thread_;

  // Confined to the thread. Until then, locked cursors are passed over.
  std::chrono::steady_clock::time_point careful_until_{};

  base::Mutex mutex_;
  base::CondVar wake_;
  std::vector<Leaving> leaving_ CHAT_GUARDED_BY(mutex_);
  Moves moves_ CHAT_GUARDED_BY(mutex_);
  std::vector<storage::Release> releases_ CHAT_GUARDED_BY(mutex_);  // failed so far
  // When cursors and releases_ are due; nothing: not scheduled.
  std::optional<std::chrono::steady_clock::time_point> flush_at_ CHAT_GUARDED_BY(mutex_);
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
