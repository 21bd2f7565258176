#include "client/control/chatctl_program.h"

#include <fmt/format.h>

#include <clocale>

#include "client/control/control_options.h"
#include "client/control/control_prompt.h"
#include "client/control/control_report.h"
#include "client/control/control_socket.h"
#include "client/core/text.h"

namespace chat::client::control {
namespace {

ExitCode failed(const Error& error) {
  fmt::print(stderr, "chatctl: {}\n", harmless(error.message));
  return ExitCode::kFailed;
}

// True if the operator agrees, or need not be asked.
Result<bool> is_confirmed(ControlSocket& server, const ControlOptions& options) {
  const bool account = options.command == "delete";
  if (options.yes || !(account || options.command == "dismiss")) return true;
  const char* const kind = account ? "user" : "group";
  const auto found = server.ask(kind, options.arguments);
  if (!found) return fail(found);
  const std::string name = named(found->at(kind));
  return confirm(account ? fmt::format("This deletes the account {} for ever.", name)
                         : fmt::format("This dismisses the group {} for ever.", name));
}

ExitCode run_with(ControlOptions options) {
  const auto path = find_socket(options);
  if (!path) return failed(path.error());
  ControlSocket server;
  if (const auto connected = server.connect(*path); !connected) return failed(connected.error());
  const auto confirmed = is_confirmed(server, options);
  if (!confirmed) return failed(confirmed.error());
  if (!*confirmed) return ExitCode::kFailed;
  if (options.prompt) {
    const auto password = ask_password();
    if (!password) return ExitCode::kFailed;
    options.arguments["password"] = *password;
  }
  const auto result = server.ask(options.command, options.arguments);
  if (!result) return failed(result.error());
  fmt::print("{}", options.json ? harmless_json(result->dump()) + "\n" : to_text(options, *result));
  return ExitCode::kDone;
}

}  // namespace

int run_chatctl(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");  // the width of characters
  const ControlOptions options = parse_options(argc, argv);
  if (options.leave) return *options.leave;
  return static_cast<int>(run_with(options));
}

}  // namespace chat::client::control
