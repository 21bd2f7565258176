#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/clock.h"

namespace chat::session {

// Spreads a classic client's objects over time. Such a client handles only the first object that
// one recv() returns and drops the rest, so an object must not reach its socket buffer before the
// previous one has been read. After the answer to a login it handles that answer before it reads
// on, unless it has asked for another answer. On a busy machine a runnable thread may wait 10 ms or
// more for its turn to read.
// Threading: loop-confined.
class Pacer {
 public:
  static constexpr std::chrono::milliseconds kGap{30};
  static constexpr std::chrono::milliseconds kGapAfterAnswer{200};

  // `frames`: one or more objects, each with its terminating NUL. Text without a NUL is one object:
  // answers in another framing may be on their way when the client turns out to be classic.
  void add(std::string_view frames);
  // The next object, if it is due.
  std::optional<std::string> take(base::SteadyTime now);
  // When the next object is due; empty if there is none.
  std::optional<base::SteadyTime> due() const;
  // Drops the queued objects that are not answers; returns their size in bytes.
  std::size_t drop_pushes();
  bool empty() const { return frames_.empty(); }

 private:
  std::deque<std::string> frames_;
  base::SteadyTime last_{};  // when an object was last taken
  bool after_answer_ = false;
};

}  // namespace chat::session
