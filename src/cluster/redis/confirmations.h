#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "chat/base/task.h"

namespace chat::cluster {

// Counts confirmations of subscriptions. Redis confirms each channel of each command in order, so
// the count tells which calls are confirmed. One per connection. Threading: externally
// synchronised.
class Confirmations {
 public:
  // `channels` more channels were requested.
  void ask(std::uint64_t channels) { asked_ += channels; }
  void confirm() { ++confirmed_; }
  bool pending() const { return confirmed_ < asked_; }

  // The number of requests so far, to compare with confirmed().
  std::uint64_t asked() const { return asked_; }
  std::uint64_t confirmed() const { return confirmed_; }

  // `task` is due once all requests so far are confirmed.
  void when_confirmed(base::Task task) { waiting_.emplace_back(asked_, std::move(task)); }
  // Removes and returns the due tasks, in order.
  std::vector<base::Task> take_due() {
    std::vector<base::Task> due;
    while (!waiting_.empty() && waiting_.front().first <= confirmed_) {
      due.push_back(std::move(waiting_.front().second));
      waiting_.pop_front();
    }
    return due;
  }
  // Removes and returns all tasks, because the connection is lost.
  std::vector<base::Task> abandon() {
    confirmed_ = asked_;
    return take_due();
  }

 private:
  std::uint64_t asked_ = 0;
  std::uint64_t confirmed_ = 0;
  std::deque<std::pair<std::uint64_t, base::Task>> waiting_;
};

}  // namespace chat::cluster
