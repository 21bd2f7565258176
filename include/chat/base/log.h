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

// Where log lines go. `file` empty means stderr; call once, before other threads start.
Result<void> configure(Level level, const std::string& file);
// Where the audit log goes: lines as they are, one event each. `file` empty: nowhere.
Result<void> configure_audit(const std::string& file);
bool audit_enabled();
void audit(std::string_view line);
// Opens the files anew by their names: who rotates logs has given the old ones another name. What
// can't be opened is said on the log as it was, which goes on.
void reopen();
bool enabled(Level level);
// Escapes nothing: a value that a peer chose must go through quoted() first.
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
