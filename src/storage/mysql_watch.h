#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/mysql_database.h"
#include "mysql_handle.h"

namespace chat::storage {

// Notices a database that holds its connections and says nothing: a stopped process, a dead
// network. Each call would wait for its own time-out then, and every worker with it. So a
// connection of the watch's own asks for a sign of life all the time; when there is none, neither
// here nor on any other connection, all connections are cut (whoever waits on one gets its error
// at once) and new ones are refused until the database answers again.
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

  bool answering() const { return answering_.load(std::memory_order_relaxed); }
  // A connection got an answer just now.
  void heard() { signs_.fetch_add(1, std::memory_order_relaxed); }

  // A connection's socket, which stays the caller's and open until remove(), and its number there.
  void add(int socket, unsigned long connection_id);
  void remove(int socket);
  // The numbers of all open connections, comma separated.
  std::string connection_ids() const;

 private:
  void work();
  bool probe_answers();
  bool wait_for_sign();
  bool reconnect();
  void turn(bool answering);

  const MysqlOptions& options_;
  std::atomic<bool> answering_{true};
  std::atomic<std::uint64_t> signs_{0};
  MysqlHandle probe_;  // the thread's
  base::StopSignal stop_;
  base::Thread thread_;

  mutable base::Mutex mutex_;
  std::unordered_map<int, unsigned long> connections_ CHAT_GUARDED_BY(mutex_);  // by socket
};

}  // namespace chat::storage
