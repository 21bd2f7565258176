#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/result.h"
#include "server/config/config.h"

namespace chat::server {

// Looks up an environment variable; null when it is not set. Tests bring their own.
using Environment = std::function<const char*(const char* name)>;
const char* process_environment(const char* name);

// What the command line asks for: run with `config` (or only bring its database's schema up to
// date), or, where there is none, print `text` to stdout and exit with 0 (--help, --version,
// --check).
struct CommandLine {
  std::optional<Config> config;
  std::string text;
  bool migrate = false;
  std::optional<Config> checked;  // by --check: what the text shows
  // What whoever gave it should know, in sentences for stderr.
  std::vector<std::string> warnings = {};
};

// Defaults, then the file of -c, then CHAT_… variables for secrets, then ADDRESS PORT as the server
// of the original course takes them, then --set: later ones win. ADDRESS PORT without a file gives
// clients the time at their menu that those of the course need (limits.first_byte_timeout_ms).
// Files that hold secrets must be out of reach for others (secret_file.h).
// Call it before other threads start (getenv). An error's message is one whole sentence for stderr;
// the exit code that goes with it is 2.
Result<CommandLine> read_command_line(int argc, const char* const* argv,
                                      const Environment& environment = process_environment);

inline constexpr int kExitBadConfiguration = 2;

}  // namespace chat::server
