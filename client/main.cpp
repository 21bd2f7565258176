#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <utility>

#include "client/app.h"
#include "client/exit_code.h"
#include "client/options.h"
#include "client/terminal.h"

namespace {

using namespace chat::client;

void warn_insecure(bool no_color) {
  const bool red = !no_color && wants_color(STDERR_FILENO);
  fmt::print(stderr,
             "{}chatclient: --insecure: the server's certificate is not checked. Whoever stands in "
             "between can read and change everything, passwords too.{}\n",
             red ? "\x1b[31m" : "", red ? "\x1b[0m" : "");
}

int run(Options options) {
  std::unique_ptr<const TlsContext> tls;
  if (options.tls) {
    auto made = TlsContext::make(options.tls_options);
    if (!made) {
      fmt::print(stderr, "chatclient: {}\n", made.error().message);
      return static_cast<int>(ExitCode::kUsage);
    }
    tls = *std::move(made);
    if (options.tls_options.insecure) warn_insecure(options.no_color);
  }
  return App(std::move(options), std::move(tls)).run();
}

}  // namespace

int main(int argc, char** argv) {
  auto options = parse_options(argc, argv);
  if (options.leave) return *options.leave;
  // A reader of standard output that is gone is noticed by the write.
  (void)std::signal(SIGPIPE, SIG_IGN);
  return run(std::move(options));
}
