#pragma once

#include <cstdint>

namespace chat::session {

// Decides what to do about a client's input, as a pure function of everything that matters for it.
// SocketSide evaluates it at the end of every event; nothing else starts or stops reading.
struct ReadPolicy {
  enum class Step : std::uint8_t {
    kRead,
    kPause,
    kUnpark,  // do not read; cut the parked input into frames
  };

  bool input_over = false;      // further input would not be handled
  bool in_debt = false;         // the client has exceeded its rate
  bool output_blocked = false;  // the client does not read its output
  bool queue_long = false;      // the workers have not caught up with its requests
  bool parked = false;          // some input was read but not yet cut into frames

  constexpr Step step() const {
    if (input_over || in_debt || output_blocked || queue_long) return Step::kPause;
    // Parked input comes before new input.
    return parked ? Step::kUnpark : Step::kRead;
  }
};

}  // namespace chat::session
