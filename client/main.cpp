#include <csignal>
#include <utility>

#include "client/app.h"
#include "client/options.h"

int main(int argc, char** argv) {
  auto options = chat::client::parse_options(argc, argv);
  if (options.leave) return *options.leave;
  // A reader of standard output that is gone is noticed by the write.
  std::signal(SIGPIPE, SIG_IGN);
  chat::client::App app(std::move(options));
  return app.run();
}
