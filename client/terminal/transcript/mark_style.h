#pragma once

#include <cstdint>

namespace chat::client {

// How the progress of the user's own messages is shown.
enum class MarkStyle : std::uint8_t {
  kQuiet,  // a mark in the message's line, which changes in place
  kLines,  // a line for each change
  kOff
};

}  // namespace chat::client
