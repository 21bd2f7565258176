#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chat/base/result.h"
#include "server/config/config.h"

namespace chat::server {

// Looks up an environment variable; null if not set. Tests replace it.
using Environment = std::function<const char*(const char* name)>;
const char* process_environment(const char* name);

// The parsed command line: run with `config` (or only update its database's schema) or, without
// one, print `text` to stdout and exit with 0 (--help, --version, --check).
struct CommandLine {
  std::optional<Config> config;
  std::string text;
  bool migrate = false;
  std::optional<Config> checked;  // by --check: the configuration shown in `text`
  // Warnings, as sentences for stderr.
  std::vector<std::string> warnings = {};
};

// Defaults, then the file of -c, then CHAT_… variables for secrets, then ADDRESS PORT as the server
// of the original course takes them, then --set: later ones win. ADDRESS PORT without a file raises
// limits.first_byte_timeout_ms, as classic clients need. Files with secrets must be private
// (secret_file.h). Call before other threads start (getenv). An error's message is a complete
// sentence for stderr; the exit code is then 2.
Result<CommandLine> read_command_line(int argc, const char* const* argv,
                                      const Environment& environment = process_environment);

inline constexpr int kExitBadConfiguration = 2;

}  // namespace chat::server
