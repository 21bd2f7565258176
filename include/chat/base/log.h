#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "chat/base/result.h"

// One event per line, key=value fields: log::info("event=listening address={}", address).
// Passwords, tokens and message texts are never logged. Threading: thread-safe.
namespace chat::log {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

// Sets the destination of log lines; an empty `file` means stderr. Call once, before other threads
// start.
Result<void> configure(Level level, const std::string& file);
// Sets the destination of the audit log, which holds one event per line, written as given; an empty
// `file` disables it.
Result<void> configure_audit(const std::string& file);
bool audit_enabled();
void audit(std::string_view line);
// Reopens the log files by name, for log rotation. If that fails, the error is logged to the old
// file, which stays in use.
void reopen();
bool enabled(Level level);
// Writes the line unescaped; pass values chosen by a peer through quoted() first.
void write(Level level, std::string_view line);

// `text` in double quotes, control characters, quotes and backslashes escaped, cut at 200 bytes.
std::string quoted(std::string_view text);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kDebug))
    write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kInfo)) write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kWarn)) write(Level::kWarn, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kError))
    write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace chat::log
