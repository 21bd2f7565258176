#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/thread.h"
#include "chat/session/session.h"
#include "chat/storage/database.h"
#include "chat/storage/pool.h"

namespace chat::service {

// Writes whose outcome stayed unknown while the client waited (storage::transact_settled()). Each
// is checked repeatedly until the tables show the outcome; then its consequences are carried out: a
// joined group becomes live, a deleted account's session ends.
// Threading: thread-safe; checks run one after the other on a separate thread. start() and stop()
// externally synchronised. Ownership: the pool outlives it.
// Bounds: kWaitingMax writes wait. Beyond that the session concerned is ended with BYE
// `unavailable`, and its next login reads the tables. Writes still waiting at stop() are dropped,
// because all sessions of this node end then.
class SettleQueue {
 public:
  static constexpr std::size_t kWaitingMax = 10'000;
  static constexpr std::chrono::milliseconds kPause{250};

  // What to do once the outcome is known; may be empty.
  using Act = std::function<void()>;
  // Determines the outcome, in a write transaction of its own and with locking reads, because the
  // lost transaction may still be open. Called again after an error of the call or its commit.
  using Look = std::function<Result<Act>(storage::Connection&)>;

  explicit SettleQueue(storage::Pool& pool) : pool_(pool) {}
  ~SettleQueue() { stop(); }

  void start();
  void stop();
  // `what` names the write in the log; `session` is the one that requested it.
  void add(session::Session& session, std::string what, Look look);
  // The same for a write that no session requested. False, and logged: too many are waiting.
  bool try_add(std::string what, Look look);

 private:
  struct Item {
    std::string what;
    Look look;
  };

  void work();
  std::vector<Item> take();
  // Returns the items still undecided.
  std::vector<Item> settle(std::vector<Item> items);
  static Result<void> settle(storage::Connection& connection, const Item& item);

  storage::Pool& pool_;
  base::Thread thread_;

  base::Mutex mutex_;
  base::CondVar wake_;
  std::vector<Item> waiting_ CHAT_GUARDED_BY(mutex_);
  std::size_t looked_into_ CHAT_GUARDED_BY(mutex_) = 0;  // being checked; may be queued again
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::service
