#pragma once

#include <optional>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 5: who is typing.
namespace chat::protocol::messages {

// Exactly one of `toid` and `groupid` names the chat.
struct Typing {
  static constexpr Msgid kMsgid = Msgid::kTyping;
  std::optional<UserId> sender{};
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  bool on = false;
  static constexpr auto fields() {
    return field_list(sender_field(&Typing::sender), field("toid", &Typing::toid),
                      field("groupid", &Typing::groupid), field("on", &Typing::on));
  }
};

struct TypingPush {
  static constexpr Msgid kMsgid = Msgid::kTypingPush;
  UserId id{};
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  bool on = false;
  static constexpr auto fields() {
    return field_list(field("id", &TypingPush::id), field("toid", &TypingPush::toid),
                      field("groupid", &TypingPush::groupid), field("on", &TypingPush::on));
  }
};

}  // namespace chat::protocol::messages
