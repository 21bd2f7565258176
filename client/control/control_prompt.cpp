#include "client/control/control_prompt.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "client/terminal/terminal_mode.h"

namespace chat::client::control {
namespace {

std::optional<std::string> ask_line(const char* prompt) {
  // Not to standard output, which may be a file.
  fmt::print(stderr, "{}", prompt);
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

std::optional<std::string> ask_password() {
  if (::isatty(STDIN_FILENO) == 0) return ask_line("");
  TerminalMode mode;
  mode.set(TerminalMode::Kind::kSilent);
  const auto password = ask_line("New password: ");
  fmt::print(stderr, "\n");
  if (!password) return std::nullopt;
  const auto again = ask_line("Once more: ");
  fmt::print(stderr, "\n");
  if (again == password) return password;
  fmt::print(stderr, "chatctl: the two passwords differ\n");
  return std::nullopt;
}

bool confirm(const std::string& question) {
  if (::isatty(STDIN_FILENO) == 0) {
    fmt::print(stderr, "chatctl: {} Give --yes to do it without asking.\n", question);
    return false;
  }
  return ask_line((question + " Type yes: ").c_str()) == "yes";
}

}  // namespace chat::client::control
