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

// What the user types, as values. Two spellings are understood: `/chat 2 hello`, and that of the
// original clients, `chat:2:hello`.
namespace chat::client {

class TerminalClient;

// Each command is a value that can run; `run` is defined in run_commands.cpp. kWorksOffline: it
// makes sense without a connection.
namespace command {

struct Nothing {  // an empty line
  static constexpr bool kWorksOffline = true;
  void run(TerminalClient& /*client*/) const {}
};
struct Register {
  std::string name;
  std::optional<std::string> password;  // nothing: to be asked for
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
struct Password {  // both are asked for
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

// One line without its line end → a command, or a sentence that says what is wrong with it.
// The line is never repeated in the sentence: it may hold a password.
tl::expected<Command, std::string> parse_command(std::string_view line);

// Whether the line may come back by pressing a key: it begins with a command, and none of its lines
// with one that takes a password. What is no command may be a mistyped one, or a password.
bool may_be_remembered(std::string_view line);

// Only digits: an id. Anything else is a name; in quotation marks, also a name of digits.
tl::expected<Account, std::string> parse_account(std::string_view text);

// The list that /help shows.
const std::string& command_help();
// "/add", "/chat" …, ascending.
const std::vector<std::string_view>& command_words();

}  // namespace chat::client
