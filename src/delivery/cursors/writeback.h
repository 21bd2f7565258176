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

// Hears of what is in the table now. Called on the writeback's thread; must not call the writeback.
class WritebackListener {
 public:
  virtual ~WritebackListener() = default;
  virtual void on_cursors_written(std::span<const storage::CursorMove> moves) = 0;
  // These users are offline now; those that a newer session has are not among them.
  virtual void on_released(std::span<const UserId> users) = 0;
  // release() failed at first and answered true. By now the session's cursors are written, and a
  // newer session has the user.
  virtual void on_gone_late(UserId user, SessionEpoch epoch) = 0;
};

// Writes what must reach the database but nobody waits for: cursors, coalesced for a moment,
// and releases of users that failed at first. And the releases themselves, as soon as they come:
// those that come while one is being written share the next transaction.
//
// Everything here may be written twice: cursors only move forward, and a release that an earlier
// attempt has made counts as made now. So a commit whose answer was lost is simply repeated, and
// the listener hears of it then.
//
// A row that somebody else has locked holds up its own user only: what belongs to it is set aside
// for the next flush. Who met a lock looks before it writes, for a while, and then waits for none.
// Threading: thread-safe; a thread of its own does the work; start() and stop() externally
// synchronised. Bounds: one position per stream and one release per user who was lately logged in.
class Writeback {
 public:
  static constexpr std::chrono::milliseconds kInterval{200};
  // How long a lock that was met is expected to come again.
  static constexpr std::chrono::milliseconds kCareful{5'000};

  explicit Writeback(storage::Pool& pool) : pool_(pool) {}
  ~Writeback() { stop(); }

  // The listener, if there is one, outlives the traffic. `node` is whose sessions are released.
  void start(WritebackListener* listener = nullptr, const storage::Node& node = {});
  // Writes what is left, then ends.
  void stop();

  // Cursors to be moved; later positions of a stream replace earlier ones.
  void add(const std::vector<storage::CursorMove>& moves);
  // Writes the user's cursors and sets it offline, in one transaction, and then tells `then`, on
  // this object's thread: false when a newer session has the user. When it fails it is kept and
  // tried again, and `then` is told true. `then` must be quick.
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
  // As write(); repeated at once, a few times, while the outcome is unknown.
  Result<void> write_settled(const std::vector<storage::CursorMove>& moves,
                             std::vector<storage::Release>& releases);
  // Sets the releases' outcomes. Moves whose rows are locked are kept for the next flush.
  Result<void> write(const std::vector<storage::CursorMove>& moves,
                     std::vector<storage::Release>& releases);
  // Gives the moves that were not made, as their rows are locked.
  Result<std::vector<storage::CursorMove>> move_cursors(storage::Connection& connection,
                                                        std::span<const storage::CursorMove> moves);
  void tell(const std::vector<storage::CursorMove>& moves,
            std::span<const storage::Release> releases);
  void merge_locked(const std::vector<storage::CursorMove>& moves) CHAT_REQUIRES(mutex_);

  storage::Pool& pool_;
  WritebackListener* listener_ = nullptr;  // fixed after start()
  storage::Node node_;                     // likewise
  base::Thread thread_;

  // The thread's. Until then, locked cursors are passed over.
  std::chrono::steady_clock::time_point careful_until_{};

  base::Mutex mutex_;
  base::CondVar wake_;
  std::vector<Leaving> leaving_ CHAT_GUARDED_BY(mutex_);
  Moves moves_ CHAT_GUARDED_BY(mutex_);
  std::vector<storage::Release> releases_ CHAT_GUARDED_BY(mutex_);  // that failed at first
  // When these two are to be written; nothing: not decided yet.
  std::optional<std::chrono::steady_clock::time_point> flush_at_ CHAT_GUARDED_BY(mutex_);
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
