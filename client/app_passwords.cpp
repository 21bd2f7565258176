// Passwords that a user types, or that a script gives.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "client/app.h"
#include "client/terminal.h"

namespace chat::client {
namespace {

constexpr std::chrono::hours kForever{24};

}  // namespace

void App::execute(const command::Password&) {
  if (!need_login("password")) return;
  const auto password = ask_password("Password: ");
  const auto chosen = password ? new_password() : std::nullopt;
  if (chosen) session_.change_password(*password, *chosen);
}

void App::execute(const command::DeleteAccount&) {
  if (!need_login("deleteaccount")) return;
  const auto password = ask_password("Password, to delete this account for good: ");
  if (password) session_.delete_account(*password);
}

// Nothing when the input ended or the program is to end.
std::optional<std::string> App::ask_password(const char* prompt) {
  if (editor_) editor_->rest();
  const EchoOff silent(STDIN_FILENO);
  // Not to standard output: events go there, perhaps into a file.
  if (typed_) (void)std::fputs(prompt, stderr);
  std::string line;
  const auto status = reader_.next(line, kForever);
  if (status != LineReader::Status::kLine) {
    if (status == LineReader::Status::kEnd) show({event::Usage{"the password is missing"}});
    return std::nullopt;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

std::optional<std::string> App::new_password() {
  auto password = ask_password("New password: ");
  if (!password || !typed_) return password;
  auto again = ask_password("Once more: ");
  if (!again || *again == *password) return again;
  show({event::Usage{"the two passwords differ"}});
  return std::nullopt;
}

std::optional<std::string> App::first_password() {
  if (!options_.password_file.empty()) {
    std::ifstream file(options_.password_file);
    std::string line;
    if (std::getline(file, line)) return line;
    show({event::Usage{"--password-file: there is nothing to read"}});
    return std::nullopt;
  }
  if (const char* const given = std::getenv("CHAT_PASSWORD")) return given;
  return ask_password("Password: ");
}

}  // namespace chat::client
