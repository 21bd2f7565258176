#include "server/chatserver_program.h"

#include <cstdio>
#include <string>

#include "chat/base/log.h"
#include "server/app.h"
#include "server/config/command_line.h"
#include "server/core_dumps.h"
#include "server/database_setup.h"
#include "server/plain_port.h"
#include "server/preflight.h"
#include "server/signals.h"

namespace chat::server {
namespace {

constexpr int kExitCannotStart = 1;
constexpr int kExitLeaseLost = 3;

// Errors of writing are ignored: they cannot be reported.
void print(std::FILE* to, const std::string& text) {
  (void)std::fputs(text.c_str(), to);
  (void)std::fflush(to);
}

int cannot(const Error& error) {
  print(stderr, "chatserver: " + error.message + "\n");
  return kExitCannotStart;
}

void warn(const std::string& warning) {
  print(stderr, "chatserver: warning: " + warning + "\n");
}

int check(const CommandLine& command_line) {
  print(stdout, command_line.text);
  print(stdout, "\n# What a server with this configuration would find now:\n");
  for (const Finding& finding : preflight(*command_line.checked)) {
    print(stdout, "# " + finding.text + "\n");
    if (!finding.fine) print(stderr, "# " + finding.text + "\n");
  }
  if (const auto remark = plain_port_warning(command_line.checked->server.listen)) {
    print(stderr, "# " + *remark + "\n");
  }
  return 0;
}

int migrate(const Config& config) {
  const std::string new_file = database_file_to_be_made(config);
  const auto migrated = migrate_database(
      config, [](const std::string& sentence) { print(stderr, "chatserver: " + sentence + "\n"); });
  if (!migrated) return cannot(migrated.error());
  if (!new_file.empty()) print(stderr, "chatserver: created a new database: " + new_file + "\n");
  print(stdout, *migrated);
  return 0;
}

int serve(const Config& config) {
  App app(config);
  if (auto started = app.start(); !started) return cannot(started.error());
  for (const std::string& warning : app.warnings()) warn(warning);
  print(stdout, app.ready_line() + "\n");
  return app.run() ? 0 : kExitLeaseLost;
}

}  // namespace

int run_chatserver(int argc, char** argv) {
  Signals::hold_hangup();
  const auto command_line = read_command_line(argc, argv);
  if (!command_line) {
    print(stderr, "chatserver: " + command_line.error().message + "\n");
    return kExitBadConfiguration;
  }
  for (const std::string& warning : command_line->warnings) warn(warning);
  if (command_line->checked) return check(*command_line);
  if (!command_line->config) {
    print(stdout, command_line->text);
    return 0;
  }
  const Config& config = *command_line->config;
  if (!config.server.core_dumps) forbid_core_dumps();
  if (auto logging = log::configure(config.log.level, config.log.file); !logging) {
    return cannot(logging.error());
  }
  if (auto auditing = log::configure_audit(config.log.audit_file); !auditing) {
    return cannot(auditing.error());
  }
  return command_line->migrate ? migrate(config) : serve(config);
}

}  // namespace chat::server
