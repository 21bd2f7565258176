#pragma once

namespace chat::base {

// Prints the failed condition with its source location and aborts.
[[noreturn]] void check_failed(const char* expression, const char* file, int line,
                               const char* function) noexcept;

}  // namespace chat::base

// For programming errors; checked in every build, release included.
// What a peer or the environment can cause is never a CHAT_CHECK.
// (clang 14 lacks std::source_location, hence the macro.)
#define CHAT_CHECK(condition)                                                                \
  (static_cast<bool>(condition) ? static_cast<void>(0)                                       \
                                : ::chat::base::check_failed(#condition, __FILE__, __LINE__, \
                                                             static_cast<const char*>(__func__)))
