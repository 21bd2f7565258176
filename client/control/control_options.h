#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace chat::client::control {

// The program's exit codes.
enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,  // no server answers, or it refused the command
  kUsage = 2,
};

// The arguments of a command as the server reads them (chat/protocol/admin_path.h).
using Arguments = std::map<std::string, std::variant<std::string, std::int64_t>>;

// The parsed command line. A plain value.
struct ControlOptions {
  std::string socket;  // empty: find it in `config`
  std::string config;  // empty: the server's defaults
  bool json = false;
  bool yes = false;     // do not ask for confirmation
  bool prompt = false;  // ask for the password
  std::string command;
  Arguments arguments;
  // Set after --help, --version or wrong usage, once the text has been printed: exit with this
  // code.
  std::optional<int> leave;
};

ControlOptions parse_options(int argc, const char* const* argv);

}  // namespace chat::client::control
