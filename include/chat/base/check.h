#pragma once

namespace chat::base {

// Prints the broken expectation with its place and aborts. Never returns.
[[noreturn]] void check_failed(const char* expression, const char* file, int line,
                               const char* function) noexcept;

}  // namespace chat::base

// For the programmer's own mistakes: checked in every build, also in release.
// What a peer or the environment can cause is never a CHAT_CHECK.
// (std::source_location would carry the place, but clang 14 has none.)
#define CHAT_CHECK(condition)                                                                \
  (static_cast<bool>(condition) ? static_cast<void>(0)                                       \
                                : ::chat::base::check_failed(#condition, __FILE__, __LINE__, \
                                                             static_cast<const char*>(__func__)))
