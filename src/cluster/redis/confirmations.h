#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "chat/base/task.h"

namespace chat::cluster {

// Redis confirms each channel of each command in the order of the commands, so counting tells
// which calls are through. One per connection. Threading: externally synchronised.
class Confirmations {
 public:
  // So many more channels have been asked for.
  void ask(std::uint64_t channels) { asked_ += channels; }
  void confirm() { ++confirmed_; }
  bool pending() const { return confirmed_ < asked_; }

  // A position to compare with confirmed(): everything that has been asked for up to now.
  std::uint64_t asked() const { return asked_; }
  std::uint64_t confirmed() const { return confirmed_; }

  // `task` is due when everything that has been asked for up to now is confirmed.
  void when_confirmed(base::Task task) { waiting_.emplace_back(asked_, std::move(task)); }
  // The tasks that are due, in order; each once.
  std::vector<base::Task> take_due() {
    std::vector<base::Task> due;
    while (!waiting_.empty() && waiting_.front().first <= confirmed_) {
      due.push_back(std::move(waiting_.front().second));
      waiting_.pop_front();
    }
    return due;
  }
  // All tasks, because there will be no more confirmations.
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
