#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>

#include "chat/base/ids.h"
#include "client/core/event.h"
#include "client/core/request_json.h"

// What the user types, as values. Two spellings are understood: `/chat 2 hello`, and that of the
// original clients, `chat:2:hello`.
namespace chat::client {

namespace command {

struct Nothing {};  // an empty line
struct Register {
  std::string name;
  std::optional<std::string> password;  // nothing: to be asked for
};
struct Login {
  Account account;
  std::optional<std::string> password;
  bool takeover = false;
};
struct Logout {};
struct AddFriend {
  UserId id;
};
struct Friends {};
struct CreateGroup {
  std::string name;
  std::string desc;
};
struct JoinGroup {
  GroupId id;
};
struct Groups {};
struct Chat {
  Target target;
  std::string text;
};
struct Wait {
  std::chrono::milliseconds duration{0};
};
struct WaitMessages {
  std::size_t count = 0;
  std::chrono::milliseconds timeout{0};
};
struct Password {};  // both are asked for
struct DeleteAccount {};
struct Sessions {};
struct Revoke {
  std::string session;  // as Sessions shows it; empty: all but this one
};
struct History {
  Target target;
  int limit = 20;
};
struct More {};
struct Help {};
struct Quit {};

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
extern const char* const kCommandHelp;

}  // namespace chat::client
