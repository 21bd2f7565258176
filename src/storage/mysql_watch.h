#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <unordered_set>

#include "chat/base/mutex.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/mysql_database.h"
#include "mysql_handle.h"

namespace chat::storage {

// Notices a database server that must not be used now, and refuses and cuts its connections until
// it can be. Two kinds: one that holds its connections and says nothing (a stopped process, a dead
// network), where every call would wait for its own time-out and every worker with it; and one that
// answers but takes no writes (a demoted primary, a node outside its cluster), whose address may
// lead to another server by now. A connection of the watch's own asks all the time; while the
// answer is no, it is opened anew each time. One log line tells the loss, one the return.
// Threading: thread-safe, with a thread of its own; start() and stop() externally synchronised.
class MysqlWatch {
 public:
  // Together they bound how long a request waits in vain: well below a second.
  static constexpr std::chrono::milliseconds kInterval{300};
  static constexpr std::chrono::milliseconds kPatience{500};

  explicit MysqlWatch(const MysqlOptions& options) : options_(options) {}
  ~MysqlWatch() { stop(); }

  void start(MysqlHandle probe);
  void stop();

  // The database can be used: connect.
  bool serving() const { return serving_.load(std::memory_order_relaxed); }
  // A connection got an answer just now.
  void heard() { signs_.fetch_add(1, std::memory_order_relaxed); }

  // A connection's socket, which stays the caller's and open until remove().
  void add(int socket);
  void remove(int socket);

 private:
  // Why the database can't be used; empty: it can.
  using Reason = std::string;

  void work();
  Reason look();
  Reason look_anew();
  bool wait_for_sign();
  void turn(const Reason& reason);

  const MysqlOptions& options_;
  std::atomic<bool> serving_{true};
  std::atomic<std::uint64_t> signs_{0};
  MysqlHandle probe_;  // the thread's
  base::StopSignal stop_;
  base::Thread thread_;

  base::Mutex mutex_;
  std::unordered_set<int> sockets_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::storage
