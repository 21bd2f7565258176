#include <cstdio>
#include <string>

#include "chat/base/log.h"
#include "server/app.h"
#include "server/command_line.h"

namespace {

constexpr int kExitCannotStart = 1;

int serve(const chat::server::Config& config) {
  if (auto logging = chat::log::configure(config.log.level, config.log.file); !logging) {
    std::fprintf(stderr, "chatserver: %s\n", logging.error().message.c_str());
    return kExitCannotStart;
  }
  chat::server::App app(config);
  if (auto started = app.start(); !started) {
    std::fprintf(stderr, "chatserver: %s\n", started.error().message.c_str());
    return kExitCannotStart;
  }
  std::printf("%s\n", app.ready_line().c_str());
  std::fflush(stdout);
  app.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto order = chat::server::read_command_line(argc, argv);
  if (!order) {
    std::fprintf(stderr, "chatserver: %s\n", order.error().message.c_str());
    return chat::server::kExitBadConfiguration;
  }
  if (!order->config) {
    std::fputs(order->text.c_str(), stdout);
    return 0;
  }
  return serve(*order->config);
}
