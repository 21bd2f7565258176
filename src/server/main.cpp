#include <cstdio>
#include <string>

#include "chat/base/log.h"
#include "server/app.h"
#include "server/command_line.h"
#include "server/core_dumps.h"
#include "server/database.h"
#include "server/plain_port.h"
#include "server/preflight.h"
#include "server/signals.h"

namespace {

constexpr int kExitCannotStart = 1;
constexpr int kExitLeaseLost = 3;

// Where that fails there is nobody to be told.
void print(std::FILE* to, const std::string& text) {
  (void)std::fputs(text.c_str(), to);
  (void)std::fflush(to);
}

int cannot(const chat::Error& error) {
  print(stderr, "chatserver: " + error.message + "\n");
  return kExitCannotStart;
}

void warn(const std::string& warning) {
  print(stderr, "chatserver: warning: " + warning + "\n");
}

int check(const chat::server::Order& order) {
  print(stdout, order.text);
  print(stdout, "\n# What a server with this configuration would meet now:\n");
  for (const chat::server::Finding& finding : chat::server::preflight(*order.checked)) {
    print(stdout, "# " + finding.text + "\n");
    if (!finding.fine) print(stderr, "# " + finding.text + "\n");
  }
  if (const auto remark = chat::server::plain_port_warning(order.checked->server.listen)) {
    print(stderr, "# " + *remark + "\n");
  }
  return 0;
}

int migrate(const chat::server::Config& config) {
  const std::string new_file = chat::server::database_file_to_be_made(config);
  const auto migrated = chat::server::migrate_database(
      config, [](const std::string& sentence) { print(stderr, "chatserver: " + sentence + "\n"); });
  if (!migrated) return cannot(migrated.error());
  if (!new_file.empty()) print(stderr, "chatserver: made a new database: " + new_file + "\n");
  print(stdout, *migrated);
  return 0;
}

int serve(const chat::server::Config& config) {
  chat::server::App app(config);
  if (auto started = app.start(); !started) return cannot(started.error());
  for (const std::string& warning : app.warnings()) warn(warning);
  print(stdout, app.ready_line() + "\n");
  return app.run() ? 0 : kExitLeaseLost;
}

}  // namespace

int main(int argc, char** argv) {
  chat::server::Signals::hold_hangup();
  const auto order = chat::server::read_command_line(argc, argv);
  if (!order) {
    print(stderr, "chatserver: " + order.error().message + "\n");
    return chat::server::kExitBadConfiguration;
  }
  for (const std::string& warning : order->warnings) warn(warning);
  if (order->checked) return check(*order);
  if (!order->config) {
    print(stdout, order->text);
    return 0;
  }
  const chat::server::Config& config = *order->config;
  if (!config.server.core_dumps) chat::server::forbid_core_dumps();
  if (auto logging = chat::log::configure(config.log.level, config.log.file); !logging) {
    return cannot(logging.error());
  }
  if (auto auditing = chat::log::configure_audit(config.log.audit_file); !auditing) {
    return cannot(auditing.error());
  }
  return order->migrate ? migrate(config) : serve(config);
}
