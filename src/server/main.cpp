#include <cstdio>
#include <string>

#include "chat/base/log.h"
#include "server/app.h"
#include "server/command_line.h"
#include "server/core_dumps.h"
#include "server/database.h"
#include "server/plain_port.h"

namespace {

constexpr int kExitCannotStart = 1;
constexpr int kExitLeaseLost = 3;

int cannot(const chat::Error& error) {
  std::fprintf(stderr, "chatserver: %s\n", error.message.c_str());
  return kExitCannotStart;
}

void warn(const std::string& warning) {
  std::fprintf(stderr, "chatserver: warning: %s\n", warning.c_str());
}

int check(const chat::server::Order& order) {
  std::fputs(order.text.c_str(), stdout);
  std::fflush(stdout);
  if (const auto remark = chat::server::plain_port_warning(order.checked->server.listen)) {
    std::fprintf(stderr, "# %s\n", remark->c_str());
  }
  for (const std::string& remark : chat::server::remarks_on_database(*order.checked)) {
    std::fprintf(stderr, "# %s\n", remark.c_str());
  }
  return 0;
}

int migrate(const chat::server::Config& config) {
  const auto migrated = chat::server::migrate_database(config);
  if (!migrated) return cannot(migrated.error());
  std::fputs(migrated->c_str(), stdout);
  return 0;
}

int serve(const chat::server::Config& config) {
  chat::server::App app(config);
  if (auto started = app.start(); !started) return cannot(started.error());
  for (const std::string& warning : app.warnings()) warn(warning);
  std::printf("%s\n", app.ready_line().c_str());
  std::fflush(stdout);
  return app.run() ? 0 : kExitLeaseLost;
}

}  // namespace

int main(int argc, char** argv) {
  const auto order = chat::server::read_command_line(argc, argv);
  if (!order) {
    std::fprintf(stderr, "chatserver: %s\n", order.error().message.c_str());
    return chat::server::kExitBadConfiguration;
  }
  for (const std::string& warning : order->warnings) warn(warning);
  if (order->checked) return check(*order);
  if (!order->config) {
    std::fputs(order->text.c_str(), stdout);
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
