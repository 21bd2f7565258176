#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "chat/base/mutex.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/mysql_options.h"
#include "storage/mysql/mysql_handle.h"

namespace chat::storage {

// Notices a database server that must not be used now, and refuses and cuts its connections until
// it can be. Two kinds: one that holds its connections and says nothing (a stopped process, a dead
// network), where every call would wait for its own time-out and every worker with it; and one that
// answers but takes no writes (a demoted primary, a node outside its cluster), whose address may
// lead to another server by now. A connection of the watch's own asks all the time; while the
// answer is no, it is opened anew each time. One log line tells the loss, one the return.
//
// A single connection may fall silent, too: the network lost a statement or its answer. Where a
// call takes longer than any lock is waited for, the server is asked whether it works on it, and
// the connection is cut if it doesn't. What the server does work on is never cut: disks are slow at
// times.
// Threading: thread-safe, with a thread of its own; start() and stop() externally synchronised.
class MysqlWatch {
 public:
  // How often a connection has begun or ended a call: odd while one is on its way.
  using Calls = std::atomic<std::uint32_t>;
  // A call, while it is on its way.
  class Call {
   public:
    explicit Call(Calls& calls) : calls_(calls) { calls_.fetch_add(1, std::memory_order_relaxed); }
    ~Call() { calls_.fetch_add(1, std::memory_order_relaxed); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Calls& calls_;
  };

  // Together they bound how long a request waits in vain: well below a second.
  static constexpr std::chrono::milliseconds kInterval{300};
  static constexpr std::chrono::milliseconds kPatience{500};
  // A call that takes so long waits for no lock (MysqlOptions::lock_wait) …
  static constexpr std::chrono::milliseconds kLongCall{1'100};
  // … after this it keeps others waiting …
  static constexpr std::chrono::milliseconds kStall{1'400};
  // … and calls are looked at so often.
  static constexpr std::chrono::milliseconds kLookInterval{100};
  // The server is asked about so many of them.
  static constexpr std::size_t kAskedAbout = 64;

  explicit MysqlWatch(const MysqlOptions& options) : options_(options) {}
  ~MysqlWatch() { stop(); }

  void start(MysqlHandle probe);
  void stop();

  // The database can be used: connect.
  bool serving() const { return serving_.load(std::memory_order_relaxed); }
  // A connection got an answer just now.
  void heard() { signs_.fetch_add(1, std::memory_order_relaxed); }

  // A call is lost, or keeps others waiting; or was or did within kLately.
  bool met_stall_lately() const;

  // A connection's socket, its calls, and its number at the server. The first two stay the
  // caller's, the socket open, until remove().
  void add(int socket, const Calls& calls, unsigned long thread_id);
  void remove(int socket);

 private:
  // Why the database can't be used; empty: it can.
  using Reason = std::string;
  using Time = std::chrono::steady_clock::time_point;
  struct Watched {
    const Calls* calls;
    unsigned long thread_id;
    std::uint32_t call = 0;  // when last looked at
    Time since{};            // of `call`, as far as it was seen
    bool idle = false;       // the server did not work on it when it was last asked
  };
  static constexpr std::chrono::milliseconds kLately{2'000};

  void work();
  void look_at_calls();
  std::string long_calls();
  void cut_lost_calls(const std::unordered_set<unsigned long>& worked_on);
  Reason look();
  Reason look_anew();
  bool wait_for_sign();
  void turn(const Reason& reason);

  const MysqlOptions& options_;
  std::atomic<bool> serving_{true};
  std::atomic<std::uint64_t> signs_{0};
  std::atomic<Time> met_stall_{};  // the epoch: never
  MysqlHandle probe_;              // the thread's
  base::StopSignal stop_;
  base::Thread thread_;

  base::Mutex mutex_;
  std::unordered_map<int, Watched> sockets_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::storage
