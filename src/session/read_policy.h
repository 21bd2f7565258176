#pragma once

#include <cstdint>

namespace chat::session {

// What to do about a client's input, as a pure function of all that bears on it. SocketSide asks
// it at the end of every event and does what it says; nothing else starts or stops reading.
struct ReadPolicy {
  enum class Step : std::uint8_t {
    kRead,
    kPause,
    kUnpark,  // do not read, but cut into frames what was read before
  };

  bool input_over = false;      // nothing that comes would be handled any more
  bool in_debt = false;         // the client made the server do more than its rate allows
  bool output_blocked = false;  // the client does not read its answers
  bool queue_long = false;      // the workers have not come round to its requests
  bool parked = false;          // part of what was read is not cut into frames yet

  constexpr Step step() const {
    if (input_over || in_debt || output_blocked || queue_long) return Step::kPause;
    // What was read comes before what was not.
    return parked ? Step::kUnpark : Step::kRead;
  }
};

}  // namespace chat::session
