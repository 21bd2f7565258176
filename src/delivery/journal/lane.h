#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "chat/base/bounded_queue.h"
#include "chat/base/clock.h"
#include "chat/base/thread.h"

namespace chat::delivery {

// What is still on its way to the lanes.
enum class Upstream : std::uint8_t {
  kIdle,      // no thread of the server has anything to do before
  kBusy,      // I/O loops are at work: what they push now may be answered soon
  kRequests,  // workers have queued requests, which may become entries
};
// Thread-safe.
using LookUpstream = std::function<Upstream()>;

// A thread that feeds batches of at most kBatchMax entries to a committer. If the database as a
// whole fails, entries that queued meanwhile are refused with the batch, instead of waiting for the
// same failure again.
// Threading: thread-safe; start() and stop() externally synchronised.
// Bounds: at most kQueueMax entries wait. When the queue is full, append() blocks briefly, which by
// back-pressure on the workers stops reading from the senders' sockets, and then refuses (`busy`).
template <typename EntryType, typename Committer>
class Lane {
 public:
  static constexpr std::size_t kBatchMax = 512;
  static constexpr std::size_t kQueueMax = 8192;
  static constexpr std::chrono::milliseconds kPatience{1000};
  // How long a batch waits for entries that may join it, how often it checks, and how long the
  // server must be idle before it stops waiting for entries that it can only expect.
  static constexpr std::chrono::microseconds kGather{1000};
  static constexpr std::chrono::microseconds kGatherStep{50};
  static constexpr std::chrono::microseconds kGatherIdle{200};
  static constexpr std::chrono::milliseconds kPollStep{1};
  using OnSettled = std::function<void(std::vector<EntryType>)>;

  Lane(std::string name, Committer committer, OnSettled on_settled, LookUpstream upstream,
       const base::Clock& clock)
      : name_(std::move(name)),
        committer_(std::move(committer)),
        on_settled_(std::move(on_settled)),
        upstream_(std::move(upstream)),
        clock_(clock),
        queue_(kQueueMax) {}
  ~Lane() { stop(); }

  void start() {
    thread_ = base::Thread(name_, [this] { work(); });
  }
  // Settles the queued entries, then ends.
  void stop() {
    queue_.close();
    thread_.join();
  }

  // False: the queue is full; the entry is untouched.
  [[nodiscard]] bool append(EntryType&& entry) {
    return queue_.push_until(std::move(entry), clock_.now() + kPatience);
  }

 private:
  void work() {
    for (;;) {
      const auto next_try = committer_.next_try();
      std::vector<EntryType> batch = next_try ? pop_until(*next_try) : queue_.pop_batch(kBatchMax);
      if (batch.empty() && !next_try) return;
      const bool failed = !batch.empty() && !store(std::move(batch));
      if (!next_try) continue;
      pass_on(failed ? committer_.give_up_overdue() : committer_.retry());
      if (committer_.failed()) refuse_queued();
    }
  }

  // False: the database as a whole failed.
  bool store(std::vector<EntryType> batch) {
    gather(batch);
    committer_.commit(batch);
    expected_ = batch.size() + queue_.size();
    pass_on(std::move(batch));
    if (committer_.failed()) refuse_queued();
    return !committer_.failed();
  }

  void pass_on(std::vector<EntryType> settled) {
    if (!settled.empty()) on_settled_(std::move(settled));
  }

  // Polls, which happens only while some streams are locked by other transactions.
  std::vector<EntryType> pop_until(std::chrono::steady_clock::time_point next_try) {
    std::vector<EntryType> batch;
    queue_.try_pop_into(batch, kBatchMax);
    while (batch.empty() && std::chrono::steady_clock::now() < next_try) {
      std::this_thread::sleep_for(kPollStep);
      queue_.try_pop_into(batch, kBatchMax);
    }
    return batch;
  }

  void refuse_queued() {
    std::vector<EntryType> queued;
    queue_.try_pop_into(queued, kQueueMax);
    if (queued.empty()) return;
    committer_.refuse(queued);
    pass_on(std::move(queued));
  }

  // Even a small commit costs the database hundreds of microseconds, and a group message that is
  // pushed alone a system call per member. So a batch waits for requests that workers are about to
  // append, and for as many entries as were in flight when the last batch was stored: whoever sends
  // again once its message has arrived does so at about the same time as the others. A lone sender
  // is never waited for. (Four messages in flight to a group of 200: 5.2 -> 2.6 us a delivery.)
  void gather(std::vector<EntryType>& batch) {
    auto waited = std::chrono::microseconds(0);
    auto idle = std::chrono::microseconds(0);
    while (batch.size() < kBatchMax && waited < kGather) {
      const Upstream upstream = upstream_();
      if (upstream != Upstream::kRequests && batch.size() >= expected_) return;
      idle = upstream == Upstream::kIdle ? idle + kGatherStep : std::chrono::microseconds(0);
      if (idle > kGatherIdle) return;
      std::this_thread::sleep_for(kGatherStep);
      waited += kGatherStep;
      queue_.try_pop_into(batch, kBatchMax);
    }
  }

  const std::string name_;
  Committer committer_;
  const OnSettled on_settled_;
  const LookUpstream upstream_;
  const base::Clock& clock_;
  base::BoundedQueue<EntryType> queue_;
  base::Thread thread_;
  std::size_t expected_ = 0;  // the size of a batch of all entries in flight
};

}  // namespace chat::delivery
