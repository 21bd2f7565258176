#pragma once

#include <source_location>

namespace chat::base {

// Prints the broken expectation with its place and aborts. Never returns.
[[noreturn]] void check_failed(const char* expression, std::source_location where) noexcept;

}  // namespace chat::base

// For the programmer's own mistakes: checked in every build, also in release.
// What a peer or the environment can cause is never a CHAT_CHECK.
#define CHAT_CHECK(condition)   \
  (static_cast<bool>(condition) \
       ? static_cast<void>(0)   \
       : ::chat::base::check_failed(#condition, std::source_location::current()))
