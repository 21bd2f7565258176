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
// Bounds: who pushes must stop while is_full() and may go on once is_short(). An object that waits
// here is finished: a message that is recalled meanwhile would be sent all the same.
// Threading: loop-confined.
class Pacer {
 public:
  static constexpr std::chrono::milliseconds kGap{30};
  static constexpr std::chrono::milliseconds kGapAfterAnswer{200};
  // Half a second of objects; one long message may go beyond it.
  static constexpr std::size_t kFull = 16;
  // Enough to keep the pace while the next messages are read from the table.
  static constexpr std::size_t kShort = 4;

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
  bool is_full() const { return frames_.size() >= kFull; }
  bool is_short() const { return frames_.size() <= kShort; }

 private:
  std::deque<std::string> frames_;
  base::SteadyTime last_{};  // when an object was last taken
  bool after_answer_ = false;
};

}  // namespace chat::session
