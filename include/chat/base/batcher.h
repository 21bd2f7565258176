#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/log_limiter.h"
#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/base/worker_pool.h"

namespace chat::base {

inline constinit log::Limiter batch_failures{log::kUsualLines};

// Groups requests from many threads into batches, so that they share the cost of a round trip or a
// commit. A request that finds the batcher idle starts a batch at once; requests that arrive during
// a batch form the next one. So a lone request never waits, and batches grow with the load. After
// each batch the next one queues behind the workers' other tasks, which lets others run and the
// batch grow.
//
// Threading: thread-safe; one batch at a time, on a worker, in the order of the calls to ask().
// Ownership: must outlive the run of the workers. Bounds: at most `waiting_max` requests wait;
// ask() refuses the next.
// Errors: each request gets exactly one answer. If the work throws, the requests not answered yet
// get kInternal. An exception from `done` is logged.
template <typename Request, typename Answer>
class Batcher {
 public:
  // Receives the answer, on the worker; must be quick.
  using Done = std::function<void(Result<Answer>&&)>;
  struct Item {
    Request request;
    Done done;
    Result<Answer> answer = fail(ErrorCode::kInternal, "this request was not answered");
  };
  // Fills in the answers of a batch. May block.
  using Work = std::function<void(std::span<Item>)>;

  Batcher(WorkerPool& workers, std::string name, std::size_t batch_max, std::size_t waiting_max,
          Work work)
      : workers_(workers),
        name_(std::move(name)),
        batch_max_(batch_max),
        waiting_max_(waiting_max),
        work_(std::move(work)) {}
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // False when too many requests wait or the workers have stopped; `done` is not called then.
  [[nodiscard]] bool ask(Request request, Done done) {
    MutexLock lock(mutex_);
    if (waiting_.size() >= waiting_max_) return false;
    if (!working_ && !workers_.try_post([this] { turn(); })) return false;
    working_ = true;
    waiting_.push_back({std::move(request), std::move(done)});
    return true;
  }

 private:
  void turn() {
    std::vector<Item> batch = take();
    for (;;) {
      work_off(batch);
      {
        MutexLock lock(mutex_);
        working_ = !waiting_.empty();
        // Refused only when the workers have stopped; the rest is then handled here.
        if (!working_ || workers_.try_post([this] { turn(); })) return;
      }
      batch = take();
    }
  }

  std::vector<Item> take() {
    MutexLock lock(mutex_);
    const auto end =
        waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(batch_max_, waiting_.size()));
    std::vector<Item> batch(std::make_move_iterator(waiting_.begin()),
                            std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    return batch;
  }

  void work_off(std::vector<Item>& batch) {
    guarded([&] { work_(batch); });
    for (Item& item : batch) guarded([&] { item.done(std::move(item.answer)); });
  }

  template <typename Call>
  void guarded(Call call) {
    try {
      call();
    } catch (...) {
      log::limited_exception(batch_failures, "event=batch_failed batcher=", name_);
    }
  }

  WorkerPool& workers_;
  const std::string name_;
  const std::size_t batch_max_;
  const std::size_t waiting_max_;
  const Work work_;

  Mutex mutex_;
  std::deque<Item> waiting_ CHAT_GUARDED_BY(mutex_);
  bool working_ CHAT_GUARDED_BY(mutex_) = false;  // a turn is queued or running
};

}  // namespace chat::base
