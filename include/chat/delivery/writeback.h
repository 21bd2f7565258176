#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/thread.h"
#include "chat/storage/pool.h"
#include "chat/storage/values.h"

namespace chat::delivery {

// Hears of what is in the table now. Called on the writeback's thread or a worker; must not call
// the writeback.
class WritebackListener {
 public:
  virtual ~WritebackListener() = default;
  virtual void on_cursors_written(std::span<const storage::CursorMove> moves) = 0;
  // These users are offline now; those that a newer session has are not among them.
  virtual void on_released(std::span<const UserId> users) = 0;
};

// Writes what must reach the database but nobody waits for: cursors, coalesced for a moment,
// and releases of users that failed at first. What fails stays and is tried again.
// Threading: thread-safe; start() and stop() externally synchronised.
// Bounds: one position per stream of a user who was lately logged in.
class Writeback {
 public:
  static constexpr std::chrono::milliseconds kInterval{200};

  explicit Writeback(storage::Pool& pool) : pool_(pool) {}
  ~Writeback() { stop(); }

  // The listener, if there is one, outlives the traffic.
  void start(WritebackListener* listener = nullptr);
  // Writes what is left, then ends.
  void stop();

  // Cursors to be moved; later positions of a stream replace earlier ones.
  void add(const std::vector<storage::CursorMove>& moves);
  // Writes the user's cursors and sets it offline, in one transaction, before it returns. When
  // that fails it is kept and tried again. False: a newer session has the user. Blocks.
  bool release(UserId user, SessionEpoch epoch);

 private:
  using Moves = std::unordered_map<UserId, std::vector<storage::CursorMove>>;
  struct Release {
    UserId user;
    SessionEpoch epoch;
  };

  void work();
  void flush();
  // Who was released.
  Result<std::vector<UserId>> write(const std::vector<storage::CursorMove>& moves,
                                    const std::vector<Release>& releases);
  void merge_locked(const std::vector<storage::CursorMove>& moves) CHAT_REQUIRES(mutex_);

  storage::Pool& pool_;
  WritebackListener* listener_ = nullptr;  // fixed after start()
  base::Thread thread_;

  // Held while a batch is taken and written, so that release() finds each cursor either here or
  // in the table. Taken before mutex_.
  base::Mutex writing_;
  base::Mutex mutex_;
  base::CondVar wake_;
  Moves moves_ CHAT_GUARDED_BY(mutex_);
  std::vector<Release> releases_ CHAT_GUARDED_BY(mutex_);
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::delivery
