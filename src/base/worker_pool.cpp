#include "chat/base/worker_pool.h"

#include <sys/resource.h>

#include <utility>

#include "chat/base/log_limiter.h"

namespace chat::base {
namespace {

constinit log::Limiter failed_tasks{log::kUsualLines};

}  // namespace

WorkerPool::WorkerPool(std::string name, std::size_t threads, std::size_t capacity, int nice)
    : name_(std::move(name)), thread_count_(threads), nice_(nice), queue_(capacity) {}

WorkerPool::~WorkerPool() {
  stop();
}

void WorkerPool::start() {
  threads_.reserve(thread_count_);
  for (std::size_t i = 0; i < thread_count_; ++i) {
    threads_.emplace_back(name_ + "-" + std::to_string(i), [this] { work(); });
  }
}

void WorkerPool::stop() {
  queue_.close();
  threads_.clear();
}

bool WorkerPool::try_post(Task&& task) {
  return queue_.try_push(std::move(task));
}

bool WorkerPool::try_post_all(std::vector<Task>& tasks) {
  return queue_.try_push_all(tasks);
}

void WorkerPool::work() {
  // If that fails, the threads keep the normal priority.
  if (nice_ > 0) (void)::setpriority(PRIO_PROCESS, 0, nice_);
  while (auto task = queue_.pop()) {
    try {
      (*task)();
    } catch (...) {
      log::limited_exception(failed_tasks, "event=task_failed pool=", name_);
    }
  }
}

}  // namespace chat::base
