#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "chat/base/ids.h"
#include "client/core/event.h"
#include "client/core/request_json.h"

// The user's commands as values. Two spellings are accepted: `/chat 2 hello`, and that of the
// original clients, `chat:2:hello`.
namespace chat::client {

class TerminalClient;

// Each command is a value with a function `run`, defined in run_commands.cpp. kWorksOffline: needs
// no connection.
namespace command {

struct Nothing {  // an empty line
  static constexpr bool kWorksOffline = true;
  void run(TerminalClient& /*client*/) const {}
};
struct Register {
  std::string name;
  std::optional<std::string> password;  // nothing: ask for it
  void run(TerminalClient& client) const;
};
struct Login {
  Account account;
  std::optional<std::string> password;
  bool takeover = false;
  void run(TerminalClient& client) const;
};
struct Logout {
  void run(TerminalClient& client) const;
};
struct AddFriend {
  UserId id;
  void run(TerminalClient& client) const;
};
struct Friends {
  void run(TerminalClient& client) const;
};
struct CreateGroup {
  std::string name;
  std::string desc;
  void run(TerminalClient& client) const;
};
struct JoinGroup {
  GroupId id;
  void run(TerminalClient& client) const;
};
struct Groups {
  void run(TerminalClient& client) const;
};
struct Chat {
  Target target;
  std::string text;
  void run(TerminalClient& client) const;
};
struct Wait {
  static constexpr bool kWorksOffline = true;
  std::chrono::milliseconds duration{0};
  void run(TerminalClient& client) const;
};
struct WaitMessages {
  static constexpr bool kWorksOffline = true;
  std::size_t count = 0;
  std::chrono::milliseconds timeout{0};
  void run(TerminalClient& client) const;
};
struct Password {  // asks for both passwords
  void run(TerminalClient& client) const;
};
struct DeleteAccount {
  void run(TerminalClient& client) const;
};
struct Sessions {
  void run(TerminalClient& client) const;
};
struct Revoke {
  std::string session;  // as Sessions shows it; empty: all but this one
  void run(TerminalClient& client) const;
};
struct History {
  Target target;
  int limit = 20;
  void run(TerminalClient& client) const;
};
struct More {
  void run(TerminalClient& client) const;
};
struct Help {
  static constexpr bool kWorksOffline = true;
  void run(TerminalClient& client) const;
};
struct Quit {
  static constexpr bool kWorksOffline = true;
  void run(TerminalClient& client) const;
};

}  // namespace command

using Command =
    std::variant<command::Nothing, command::Register, command::Login, command::Logout,
                 command::AddFriend, command::Friends, command::CreateGroup, command::JoinGroup,
                 command::Groups, command::Chat, command::Wait, command::WaitMessages,
                 command::Password, command::DeleteAccount, command::Sessions, command::Revoke,
                 command::History, command::More, command::Help, command::Quit>;

// Parses a line without its line end. The error is a sentence that never repeats the line, which
// may contain a password.
tl::expected<Command, std::string> parse_command(std::string_view line);

// True if the line may be kept in the history: it begins with a command, and none of its lines with
// one that takes a password. Anything else may be a mistyped command, or a password.
bool may_be_remembered(std::string_view line);

// Digits are an id. Anything else is a name; a quoted name may consist of digits.
tl::expected<Account, std::string> parse_account(std::string_view text);

// The output of /help.
const std::string& command_help();
// "/add", "/chat" …, ascending.
const std::vector<std::string_view>& command_words();

}  // namespace chat::client
