#include "client/terminal/chatclient_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "client/terminal/client_options.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/terminal.h"
#include "client/terminal/terminal_client.h"

namespace chat::client {
namespace {

void warn_insecure(ColorWhen color) {
  const bool red = wants_color(STDERR_FILENO, color);
  fmt::print(
      stderr,
      "{}chatclient: --insecure: the server's certificate is not checked. An attacker on the "
      "network can read and change everything, passwords too.{}\n",
      red ? "\x1b[31m" : "", red ? "\x1b[0m" : "");
}

bool is_closed(int fd) {
  return ::fcntl(fd, F_GETFD) < 0;
}

// Otherwise a socket could get the free descriptor, and be read for commands or receive the output.
std::optional<int> refuse_closed_streams() {
  if (is_closed(STDERR_FILENO)) {
    static_cast<void>(::open("/dev/null", O_WRONLY));
    if (is_closed(STDERR_FILENO)) return static_cast<int>(ExitCode::kUsage);
  }
  const char* const closed = is_closed(STDIN_FILENO)    ? "input"
                             : is_closed(STDOUT_FILENO) ? "output"
                                                        : nullptr;
  if (closed == nullptr) return std::nullopt;
  fmt::print(stderr, "chatclient: standard {} is closed (</dev/null is an empty one)\n", closed);
  return static_cast<int>(ExitCode::kUsage);
}

int run_with(ClientOptions options) {
  std::unique_ptr<const TlsContext> tls;
  if (options.tls) {
    auto made = TlsContext::make(options.tls_options);
    if (!made) {
      fmt::print(stderr, "chatclient: {}\n", made.error().message);
      return static_cast<int>(ExitCode::kUsage);
    }
    tls = *std::move(made);
    if (options.tls_options.insecure) warn_insecure(options.color);
  }
  return TerminalClient(std::move(options), std::move(tls)).run();
}

}  // namespace

int run_chatclient(int argc, char** argv) {
  auto options = parse_options(argc, argv, on_terminal());
  if (options.leave) return *options.leave;
  if (const auto code = refuse_closed_streams()) return *code;
  // A vanished reader of standard output is detected by the failing write.
  (void)std::signal(SIGPIPE, SIG_IGN);
  return run_with(std::move(options));
}

}  // namespace chat::client
