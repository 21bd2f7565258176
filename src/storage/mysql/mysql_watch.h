#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "chat/base/mutex.h"
#include "chat/base/stop_signal.h"
#include "chat/base/thread.h"
#include "chat/storage/mysql_options.h"
#include "storage/mysql/mysql_handle.h"

namespace chat::storage {

// Detects an unusable database server, and refuses and cuts its connections until it is usable
// again. There are two cases: a server that keeps its connections open but does not answer (a
// suspended process, a dead network), where every call and its worker would wait for a time-out;
// and one that answers but takes no writes (a demoted primary, a node outside its cluster), whose
// address may lead to another server by now. The watch probes continually on its own connection,
// reopening it each time while the server is unusable. A probe that gets no answer while other
// connections do is only reopened. It logs one line for the loss and one for the return.
//
// A single connection may hang too, when the network loses a statement or its answer. If during a
// call nothing arrives at either end for longer than any lock wait, the watch asks the server
// whether it is working on the call, and cuts the connection if not, or if all that the server does
// is write the answer. A call that the server is working on is never cut, because disks can be
// slow, nor is one whose bytes still move.
// Threading: thread-safe, with a separate thread; start() and stop() externally synchronised.
class MysqlWatch {
 public:
  // Counts the beginnings and ends of a connection's calls: odd during a call.
  using Calls = std::atomic<std::uint32_t>;
  // The scope of a call.
  class Call {
   public:
    explicit Call(Calls& calls) : calls_(calls) { calls_.fetch_add(1, std::memory_order_relaxed); }
    ~Call() { calls_.fetch_add(1, std::memory_order_relaxed); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Calls& calls_;
  };

  // Together they bound how long a request waits for a dead server: well below a second.
  static constexpr std::chrono::milliseconds kInterval{300};
  static constexpr std::chrono::milliseconds kPatience{500};
  // A call in which nothing moves for longer is not waiting for a lock (MysqlOptions::lock_wait) …
  static constexpr std::chrono::milliseconds kLongCall{1'100};
  // … after this it counts as a stall …
  static constexpr std::chrono::milliseconds kStall{1'400};
  // … and calls are checked at this interval.
  static constexpr std::chrono::milliseconds kLookInterval{100};
  // At most this many calls are asked about at once.
  static constexpr std::size_t kAskedAbout = 64;

  explicit MysqlWatch(const MysqlOptions& options) : options_(options) {}
  ~MysqlWatch() { stop(); }

  void start(MysqlHandle probe);
  void stop();

  // True if the database is usable.
  bool serving() const { return serving_.load(std::memory_order_relaxed); }
  // A connection has received an answer.
  void heard() { signs_.fetch_add(1, std::memory_order_relaxed); }

  // True if a call is lost or stalls, or did within kLately.
  bool met_stall_lately() const;

  // Registers a connection: its socket, call counter and id at the server. The caller keeps
  // ownership, and keeps the socket open until remove().
  void add(int socket, const Calls& calls, unsigned long thread_id);
  void remove(int socket);

 private:
  // Why the database is unusable; empty if it is usable.
  using Reason = std::string;
  using Time = std::chrono::steady_clock::time_point;
  // Whose answer has arrived: an error counts as one.
  enum class Heard { kProbe, kOthers, kNobody };
  struct Watched {
    const Calls* calls;
    unsigned long thread_id;
    std::uint32_t call = 0;   // at the last check
    std::uint64_t moved = 0;  // bytes received at either end by then; 0: unknown
    Time since{};             // when both were first seen
    Time asked{};             // when the server was last asked about it
    bool idle = false;        // the server was not working on it then
  };
  // The connections that the server is working for, by their id; true: it writes an answer.
  using Work = std::unordered_map<unsigned long, bool>;
  static constexpr std::chrono::milliseconds kLately{2'000};

  void work();
  void look_at_calls();
  // True if nothing has moved in its call for kLongCall. Call at each check.
  static bool is_long(int socket, Watched& watched);
  std::string long_calls(Time now);
  // Judges the connections that the server was asked about at `asked`.
  void cut_lost_calls(Time asked, const Work& work);
  Reason look();
  Reason look_anew();
  Reason without_probe(Heard heard);
  Heard ask_probe();
  Heard wait_for_answer();
  void turn(const Reason& reason);

  const MysqlOptions& options_;
  std::atomic<bool> serving_{true};
  std::atomic<std::uint64_t> signs_{0};
  std::atomic<Time> met_stall_{};  // the epoch: never
  MysqlHandle probe_;              // confined to the thread
  base::StopSignal stop_;
  base::Thread thread_;

  base::Mutex mutex_;
  std::unordered_map<int, Watched> sockets_ CHAT_GUARDED_BY(mutex_);
};

}  // namespace chat::storage
