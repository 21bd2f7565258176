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

// Writes whose outcome the database could not tell while the client waited
// (storage::transact_settled()). Each is looked into again and again until the tables answer, and
// then what follows from the truth is done: a group that was joined becomes live, a deleted
// account's session ends.
// Threading: thread-safe; looks run one after the other on a thread of its own. start() and stop()
// externally synchronised. Ownership: the pool outlives it.
// Bounds: kWaitingMax writes wait. When there are more, the session concerned ends instead, with
// BYE `unavailable`: its next login begins with what the tables say. What still waits at stop() is
// dropped: then every session of this node has ended.
class SettleQueue {
 public:
  static constexpr std::size_t kWaitingMax = 10'000;
  static constexpr std::chrono::milliseconds kPause{250};

  // What is to be done now that the outcome is known; may be empty.
  using Act = std::function<void()>;
  // Finds the outcome out, in a write transaction of its own and with locking reads: the lost
  // transaction may still be open. An error, of this or of its commit: it is called again.
  using Look = std::function<Result<Act>(storage::Connection&)>;

  explicit SettleQueue(storage::Pool& pool) : pool_(pool) {}
  ~SettleQueue() { stop(); }

  void start();
  void stop();
  // `what` names the write in the log; `session` is the one that asked for it.
  void add(session::Session& session, std::string what, Look look);

 private:
  struct Item {
    std::string what;
    Look look;
  };

  void work();
  bool try_add(std::string what, Look look);
  std::vector<Item> take();
  // The items that could not be decided.
  std::vector<Item> settle(std::vector<Item> items);
  static Result<void> settle(storage::Connection& connection, const Item& item);

  storage::Pool& pool_;
  base::Thread thread_;

  base::Mutex mutex_;
  base::CondVar wake_;
  std::vector<Item> waiting_ CHAT_GUARDED_BY(mutex_);
  std::size_t looked_into_ CHAT_GUARDED_BY(mutex_) = 0;  // taken out, and may come back
  bool stopping_ CHAT_GUARDED_BY(mutex_) = false;
};

}  // namespace chat::service
