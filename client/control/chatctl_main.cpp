#include <fmt/format.h>

#include <clocale>

#include "client/control/control_options.h"
#include "client/control/control_prompt.h"
#include "client/control/control_report.h"
#include "client/control/control_socket.h"
#include "client/core/text.h"

namespace {

namespace control = chat::client::control;
using control::ExitCode;

ExitCode failed(const chat::Error& error) {
  fmt::print(stderr, "chatctl: {}\n", chat::client::harmless(error.message));
  return ExitCode::kFailed;
}

// True if the operator agrees, or need not be asked.
chat::Result<bool> is_confirmed(control::ControlSocket& server,
                                const control::ControlOptions& options) {
  const bool account = options.command == "delete";
  if (options.yes || !(account || options.command == "dismiss")) return true;
  const char* const kind = account ? "user" : "group";
  const auto found = server.ask(kind, options.arguments);
  if (!found) return chat::fail(found);
  const std::string name = control::named(found->at(kind));
  return control::confirm(account ? fmt::format("This deletes the account {} for ever.", name)
                                  : fmt::format("This dismisses the group {} for ever.", name));
}

ExitCode run(control::ControlOptions options) {
  const auto path = control::find_socket(options);
  if (!path) return failed(path.error());
  control::ControlSocket server;
  if (const auto connected = server.connect(*path); !connected) return failed(connected.error());
  const auto confirmed = is_confirmed(server, options);
  if (!confirmed) return failed(confirmed.error());
  if (!*confirmed) return ExitCode::kFailed;
  if (options.prompt) {
    const auto password = control::ask_password();
    if (!password) return ExitCode::kFailed;
    options.arguments["password"] = *password;
  }
  const auto result = server.ask(options.command, options.arguments);
  if (!result) return failed(result.error());
  fmt::print("{}", options.json ? chat::client::harmless_json(result->dump()) + "\n"
                                : control::to_text(options, *result));
  return ExitCode::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");  // the width of characters
  const control::ControlOptions options = control::parse_options(argc, argv);
  if (options.leave) return *options.leave;
  return static_cast<int>(run(options));
}
