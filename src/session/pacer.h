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

// Spreads the objects for a classic client over time. Such a client takes the first object out of
// whatever one recv() brings and drops the rest, so the next object must not be in its socket
// buffer before it has read the one before. And after the answer to a login it first handles that
// answer, and only then begins to read on; another answer it awaits at once, having asked for it.
// On a busy machine a thread that became runnable may wait 10 ms and more for its turn to read.
// Threading: loop-confined.
class Pacer {
 public:
  static constexpr std::chrono::milliseconds kGap{30};
  static constexpr std::chrono::milliseconds kGapAfterAnswer{200};

  // `frames`: one or more objects, each with its NUL. Without a NUL, all is one object: a client may
  // turn out to be a classic one only after answers of another framing are on their way.
  void add(std::string_view frames);
  // The next object, if its time has come.
  std::optional<std::string> take(base::SteadyTime now);
  // When the next object is due; nothing when there is none.
  std::optional<base::SteadyTime> due() const;
  // Forgets the objects that wait and are no answers; gives their bytes.
  std::size_t drop_pushes();
  bool empty() const { return frames_.empty(); }

 private:
  std::deque<std::string> frames_;
  base::SteadyTime last_{};  // when an object was last taken
  bool after_answer_ = false;
};

}  // namespace chat::session
