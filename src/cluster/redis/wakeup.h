#pragma once

#include <poll.h>

#include <span>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/base/unique_fd.h"

namespace chat::cluster {

// Ends another thread's poll(): an eventfd that stays readable from raise() to clear().
// Threading: thread-safe after open().
class Wakeup {
 public:
  Result<void> open();
  bool is_open() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }

  void raise() const;
  void clear() const;
  bool raised() const;

 private:
  base::UniqueFd fd_;
};

// poll() that continues after signals. False at the deadline; entries with fd -1 are skipped.
bool poll_until(std::span<pollfd> entries, base::SteadyTime deadline);

}  // namespace chat::cluster
