// Reading passwords, typed or from a script, and other answers.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>

#include "chat/protocol/utf8.h"
#include "client/terminal/terminal.h"
#include "client/terminal/terminal_client.h"

namespace chat::client {
namespace {

// Files from Windows have lines ending in CR LF.
std::string without_line_end(std::string line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
  return line;
}

}  // namespace

// Nothing if the input has ended or the program should end.
std::optional<std::string> TerminalClient::ask_password(const char* prompt) {
  std::string line;
  const auto status = next_answer(prompt, line, true);
  if (status == LineReader::Status::kLine) return checked(without_line_end(std::move(line)));
  if (status == LineReader::Status::kEnd) show({event::Usage{"the password is missing"}});
  return std::nullopt;
}

// Maintains the connection while waiting.
LineReader::Status TerminalClient::next_answer(const char* prompt, std::string& line, bool secret) {
  if (typed_ && !editor_) {
    if (secret) mode_.set(TerminalMode::Kind::kSilent);
    // Not to standard output, where events go, perhaps to a file.
    (void)std::fputs(prompt, stderr);
  }
  asks_secret_ = secret;
  auto status = LineReader::Status::kTimeout;
  while (status == LineReader::Status::kTimeout) {
    status = editor_ ? editor_->ask(prompt, line, kTick, secret) : reader_.next(line, kTick);
    if (status == LineReader::Status::kTimeout) tick();
  }
  asks_secret_ = false;
  if (typed_ && !editor_) mode_.set(TerminalMode::Kind::kUsual);
  return status;
}

bool TerminalClient::confirm(const std::string& question) {
  if (!terminal_) return true;
  std::string line;
  const std::string prompt = question + " Type yes: ";
  const bool agreed = next_answer(prompt.c_str(), line, false) == LineReader::Status::kLine &&
                      without_line_end(std::move(line)) == "yes";
  if (!agreed && ending_ == 0) show({event::Usage{"not done"}});
  return agreed;
}

std::optional<std::string> TerminalClient::new_password() {
  auto password = ask_password("New password: ");
  if (!password || !typed_) return password;
  auto again = ask_password("Once more: ");
  if (!again || *again == *password) return again;
  show({event::Usage{"the two passwords differ"}});
  return std::nullopt;
}

std::optional<std::string> TerminalClient::first_password() {
  if (!options_.password_file.empty()) {
    return password_in(options_.password_file);
  }
  if (const char* const given = std::getenv("CHAT_PASSWORD")) return checked(given);
  return ask_password("Password: ");
}

std::optional<std::string> TerminalClient::password_in(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file) {
    show({event::Usage{
        fmt::format("--password-file: cannot read {}: {}", path, std::strerror(errno))}});
    return std::nullopt;
  }
  (void)std::getline(file, line);
  line = without_line_end(std::move(line));
  if (!line.empty()) return checked(std::move(line));
  show({event::Usage{fmt::format("--password-file: the first line of {} is empty", path)}});
  return std::nullopt;
}

// Refuses empty passwords and invalid UTF-8, which no request can carry.
std::optional<std::string> TerminalClient::checked(std::string password) {
  if (password.empty()) {
    show({event::Usage{"the password is empty"}});
    return std::nullopt;
  }
  if (protocol::is_valid_utf8(password)) return password;
  show({event::Usage{"the password is not valid UTF-8"}});
  return std::nullopt;
}

}  // namespace chat::client
