#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/mutex.h"
#include "client/check/check_options.h"
#include "client/check/ledger.h"
#include "client/check/outages.h"
#include "client/load/latency.h"
#include "client/load/poller.h"
#include "client/load/server_name.h"

// What the parts of a run share.
namespace chat::client::check {

enum class Phase { kSetUp, kLoad, kDrain, kLeave };

// Running totals of all threads, shown as progress. Threading: thread-safe.
struct Progress {
  std::atomic<std::uint64_t> accounts{0};  // logged in for the first time
  std::atomic<std::uint64_t> prepared{0};  // clients that are ready to send
  std::atomic<std::int64_t> online{0};     // logged in now
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> acked{0};
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> disconnections{0};
};

// One run, shared by all threads. Threading: thread-safe; members that are neither atomic nor
// guarded are fixed before the threads start.
class Run {
 public:
  Run(const CheckOptions& the_options, std::string name, std::vector<load::Endpoint> endpoints)
      : options(the_options), id(std::move(name)), servers(std::move(endpoints)) {}

  const CheckOptions options;
  const std::string id;  // 8 hex digits
  const std::vector<load::Endpoint> servers;
  std::atomic<Phase> phase{Phase::kSetUp};
  // When the first message is due. Read it only after phase has left kSetUp.
  base::SteadyTime load_from;
  Progress progress;

  // The set-up cannot succeed; keeps the first reason.
  void impossible(const std::string& reason) CHAT_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (reason_.empty()) reason_ = reason;
  }
  // Why the set-up is waiting, as the server last said.
  void held_up(const std::string& by) CHAT_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    held_up_by_ = by;
  }
  std::string held_up_by() const CHAT_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return held_up_by_;
  }
  std::string why_impossible() const CHAT_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return reason_;
  }
  // A violation of the protocol by the server; keeps the first one.
  void fault(const std::string& what) CHAT_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (first_fault_.empty()) first_fault_ = what;
  }
  std::string first_fault() const CHAT_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return first_fault_;
  }

 private:
  mutable base::Mutex mutex_;
  std::string held_up_by_ CHAT_GUARDED_BY(mutex_);
  std::string reason_ CHAT_GUARDED_BY(mutex_);
  std::string first_fault_ CHAT_GUARDED_BY(mutex_);
};

// What the clients of one thread share. Threading: confined to that thread.
struct Surroundings {
  Run& run;
  load::Poller& poller;
  std::mt19937_64& random;
  std::vector<Outage> outages = {};
  load::Latency ack = {};
  load::Latency delivery = {};
  std::size_t accounts = 0;  // have logged in at least once
  std::uint64_t faults = 0;  // invalid answers and unexplained refusals

  void fault(const std::string& what) {
    ++faults;
    run.fault(what);
  }
  // Records the latency of a first ack or delivery.
  static void add(load::Latency& to, const Ledger::Step& step, base::SteadyTime now) {
    if (!step.fresh) return;
    to.add(std::chrono::duration_cast<load::Latency::Duration>(now - step.due));
  }
  std::int64_t random_up_to(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
  }
};

}  // namespace chat::client::check
