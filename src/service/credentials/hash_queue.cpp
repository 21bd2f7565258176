#include "service/credentials/hash_queue.h"

#include <algorithm>
#include <utility>

// The lane holds one call of run_next() for each waiting task; which task that runs is decided at
// that time. So a task that displaces another also takes over its call.
namespace chat::service {

// The scope of a running task, also when it throws.
class HashQueue::Running {
 public:
  Running(HashQueue& queue, std::string network) : queue_(queue), network_(std::move(network)) {}
  ~Running() {
    base::MutexLock lock(queue_.mutex_);
    const auto line = queue_.lines_.find(network_);
    --line->second.running;
    if (line->second.running == 0 && line->second.waiting.empty()) queue_.lines_.erase(line);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  HashQueue& queue_;
  const std::string network_;
};

bool HashQueue::try_post(const std::string& network, bool frequent, base::Task task,
                         base::Task displaced) {
  Entry entry{std::move(task), std::move(displaced)};
  base::Task gone;
  if (!enter(network, frequent, entry, gone)) return false;
  if (gone) gone();
  return true;
}

bool HashQueue::enter(const std::string& network, bool frequent, Entry& entry,
                      base::Task& displaced) {
  base::MutexLock lock(mutex_);
  if (frequent && waiting_ >= kPlacesOfFrequent) return false;
  const auto found = lines_.find(network);
  const std::size_t own = found == lines_.end() ? 0 : found->second.waiting.size();
  const std::size_t running = found == lines_.end() ? 0 : found->second.running;
  if (own + running >= kPlacesPerNetwork) return false;
  const bool full = waiting_ >= kPlaces;
  Line* const loser = full ? longer_than_locked(own + 1) : nullptr;
  if (full && loser == nullptr) return false;

  if (own == 0) turns_.push_back(network);
  Line& line = lines_[network];
  line.waiting.push_back(std::move(entry));
  if (loser != nullptr) {
    displaced = std::move(loser->waiting.back().displaced);
    loser->waiting.pop_back();
    return true;
  }
  // The lane's thread waits for our lock. The lane refuses only when stopped.
  if (lane_.try_post([this] { run_next(); })) {
    ++waiting_;
    return true;
  }
  line.waiting.pop_back();
  if (own + running == 0) lines_.erase(network);
  return false;
}

// The network with the most tasks, if more than `least`.
HashQueue::Line* HashQueue::longer_than_locked(std::size_t least) {
  const auto longest = std::max_element(lines_.begin(), lines_.end(), [](auto& a, auto& b) {
    return a.second.waiting.size() < b.second.waiting.size();
  });
  return longest->second.waiting.size() > least ? &longest->second : nullptr;
}

bool HashQueue::take_next(std::string& network, base::Task& task) {
  base::MutexLock lock(mutex_);
  while (!turns_.empty()) {
    network = std::move(turns_.front());
    turns_.pop_front();
    const auto line = lines_.find(network);
    // A task that could not be posted leaves an empty turn behind.
    if (line == lines_.end() || line->second.waiting.empty()) continue;
    if (line->second.waiting.size() > 1) turns_.push_back(network);
    task = std::move(line->second.waiting.front().task);
    line->second.waiting.pop_front();
    ++line->second.running;
    --waiting_;
    return true;
  }
  return false;
}

void HashQueue::run_next() {
  std::string network;
  base::Task task;
  if (!take_next(network, task)) return;
  const Running running(*this, std::move(network));
  task();
}

}  // namespace chat::service
