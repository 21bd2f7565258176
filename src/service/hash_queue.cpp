#include "hash_queue.h"

#include <utility>

namespace chat::service {

// Is given up when the task is over, also when it throws.
class HashQueue::Place {
 public:
  Place(HashQueue& queue, const std::string& network) : queue_(queue), network_(network) {}
  ~Place() { queue_.leave(network_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  HashQueue& queue_;
  const std::string& network_;
};

bool HashQueue::try_post(const std::string& network, bool frequent, base::Task task) {
  if (frequent && lane_.queued() >= kPlacesOfFrequent) return false;
  if (!enter(network)) return false;
  const bool posted = lane_.try_post([this, network, task = std::move(task)]() mutable {
    const Place place(*this, network);
    task();
  });
  if (!posted) leave(network);
  return posted;
}

bool HashQueue::enter(const std::string& network) {
  base::MutexLock lock(mutex_);
  std::size_t& places = by_network_[network];
  if (places >= kPlacesPerNetwork) return false;
  ++places;
  return true;
}

void HashQueue::leave(const std::string& network) {
  base::MutexLock lock(mutex_);
  const auto found = by_network_.find(network);
  if (--found->second == 0) by_network_.erase(found);
}

}  // namespace chat::service
