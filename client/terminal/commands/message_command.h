#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/core/contacts.h"

namespace chat::client {

class TerminalClient;

// Commands about messages and conversations (see command.h).
namespace command {

// A user or a group as typed.
struct Recipient {
  bool is_group = false;
  bool is_either = false;  // the name may be that of a user or of a group
  UserRef user{};
  GroupRef group{};
};
// `number` is the short one beside the message; 0: the last one of the current conversation, for
// Recall and Edit of the user's own, otherwise of others.
struct Recall {
  int number = 0;
  void run(TerminalClient& client) const;
};
struct Edit {
  int number = 0;
  std::string text;
  void run(TerminalClient& client) const;
};
struct Reply {
  int number = 0;
  std::string text;
  void run(TerminalClient& client) const;
};
struct Readers {
  int number = 0;  // 0: of the user's own last one
  void run(TerminalClient& client) const;
};
struct Inbox {
  void run(TerminalClient& client) const;
};
enum class Setting : std::uint8_t { kPin, kUnpin, kSilence, kUnsilence, kHide };
struct SetConversation {
  Setting setting{};
  std::optional<Recipient> of{};  // nothing: the current one
  void run(TerminalClient& client) const;
};

// A summary of what is unread; nothing from an older server, or if there are no conversations.
void show_unread(TerminalClient& client);
// Learns what is unread, without showing it.
void read_unread_counts(TerminalClient& client);
// The unread messages from the first one on if some of them have never been shown, else the newest
// ones, unless some are on the screen.
void show_conversation(TerminalClient& client, const Target& target);

}  // namespace command
}  // namespace chat::client
