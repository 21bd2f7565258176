#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "chat/base/ids.h"
#include "client/core/wire/request_json.h"
#include "client/terminal/commands/message_command.h"
#include "client/terminal/commands/people_command.h"

// The user's commands as values. Two spellings are accepted: `/chat 2 hello`, and that of the
// original clients, `chat:2:hello`.
namespace chat::client {

class TerminalClient;

// Each command is a value with a function `run`, defined in the run_ sources. kWorksOffline: needs
// no connection.
namespace command {

struct Nothing {  // an empty line
  static constexpr bool kWorksOffline = true;
  void run(TerminalClient& /*client*/) const {}
};
struct Register {
  std::string name;
  std::optional<std::string> password;  // nothing: ask for it
  std::string invite{};                 // a code; empty: none
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
struct Chat {
  Recipient to;
  std::string text;
  void run(TerminalClient& client) const;
};
// Sets the conversation that plain text goes to.
struct To {
  static constexpr bool kWorksOffline = true;
  std::optional<Recipient> to;  // nothing: show it
  bool ends = false;            // from now on there is none
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
  std::optional<Recipient> of;  // nothing: the current conversation
  int limit = 20;
  void run(TerminalClient& client) const;
};
struct More {
  void run(TerminalClient& client) const;
};
struct Help {
  static constexpr bool kWorksOffline = true;
  std::string about{};  // a command or a topic, "all"; empty: what is used every day
  void run(TerminalClient& client) const;
};
struct Quit {
  static constexpr bool kWorksOffline = true;
  void run(TerminalClient& client) const;
};

}  // namespace command

using Command =
    std::variant<command::Nothing, command::Register, command::Login, command::Logout,
                 command::Find, command::OnUser, command::EditProfile, command::Friends,
                 command::Requests, command::Blocked, command::CreateGroup, command::JoinGroup,
                 command::Groups, command::OnGroup, command::OnMember, command::MakeCode,
                 command::Mute, command::EditGroup, command::Chat, command::Reply, command::Edit,
                 command::Recall, command::Readers, command::Inbox, command::SetConversation,
                 command::To, command::Wait, command::WaitMessages, command::Password,
                 command::DeleteAccount, command::Sessions, command::Revoke, command::History,
                 command::More, command::Help, command::Quit>;

}  // namespace chat::client
