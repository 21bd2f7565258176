#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 4.
namespace chat::protocol::messages {

// A message of a direct chat: its author, and its seq in the author's stream.
struct ReplyTarget {
  UserId id{};
  Seq seq = 0;
  static constexpr auto fields() {
    return field_list(field("id", &ReplyTarget::id), field("seq", &ReplyTarget::seq));
  }
};

// What a chat request may add to its text; the push repeats it as it was given.
struct DirectMarks {
  std::optional<ReplyTarget> reply{};
  static constexpr auto fields() { return field_list(field("reply", &DirectMarks::reply)); }
};
struct GroupMarks {
  std::optional<Seq> reply{};
  std::optional<std::vector<UserId>> at{};
  bool at_all = false;
  static constexpr auto fields() {
    return field_list(field("reply", &GroupMarks::reply), field("at", &GroupMarks::at),
                      flag_field("at_all", &GroupMarks::at_all));
  }
};

// A reply in either push: of a group it is the seq alone.
struct AnyReply {
  std::optional<UserId> id{};
  Seq seq = 0;
  static constexpr auto fields() {
    return field_list(field("id", &AnyReply::id), field("seq", &AnyReply::seq));
  }
};

struct OneChat {
  static constexpr Msgid kMsgid = Msgid::kOneChat;
  std::optional<UserId> sender{};
  UserId toid{};
  std::string msg{};
  std::optional<ReplyTarget> reply{};
  static constexpr auto fields() {
    return field_list(sender_field(&OneChat::sender), CarriedField{"name"}, CarriedField{"time"},
                      field("toid", &OneChat::toid), field("msg", &OneChat::msg, FieldKind::kText),
                      field("reply", &OneChat::reply));
  }
};

struct OneChatReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kOneChat);
  UserId toid{};
  Seq seq = 0;
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return field_list(lenient_field("toid", &OneChatReply::toid), field("seq", &OneChatReply::seq),
                      lenient_field("ts", &OneChatReply::ts));
  }
};

struct GroupChat {
  static constexpr Msgid kMsgid = Msgid::kGroupChat;
  std::optional<UserId> sender{};
  GroupId groupid{};
  std::string msg{};
  std::optional<Seq> reply{};
  std::optional<std::vector<UserId>> at{};
  bool at_all = false;
  static constexpr auto fields() {
    return field_list(sender_field(&GroupChat::sender), CarriedField{"name"}, CarriedField{"time"},
                      field("groupid", &GroupChat::groupid),
                      field("msg", &GroupChat::msg, FieldKind::kText),
                      field("reply", &GroupChat::reply), field("at", &GroupChat::at),
                      flag_field("at_all", &GroupChat::at_all));
  }
};

struct GroupChatReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kGroupChat);
  GroupId groupid{};
  Seq seq = 0;
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return field_list(lenient_field("groupid", &GroupChatReply::groupid),
                      field("seq", &GroupChatReply::seq), lenient_field("ts", &GroupChatReply::ts));
  }
};

}  // namespace chat::protocol::messages
