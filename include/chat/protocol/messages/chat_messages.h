#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/messages/mark_messages.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 4.
namespace chat::protocol::messages {

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

struct OneChatPush {
  static constexpr Msgid kMsgid = Msgid::kOneChat;
  UserId sender{};
  std::string_view name{};
  UserId toid{};
  std::string_view msg{};
  std::string_view time{};
  UnixMillis ts = 0;
  Seq seq = 0;
  std::optional<std::string_view> cid{};
  std::optional<ReplyTarget> reply{};
  static constexpr auto fields() {
    return field_list(field("id", &OneChatPush::sender), field("name", &OneChatPush::name),
                      field("toid", &OneChatPush::toid), field("msg", &OneChatPush::msg),
                      field("time", &OneChatPush::time), lenient_field("ts", &OneChatPush::ts),
                      lenient_field("seq", &OneChatPush::seq), field("cid", &OneChatPush::cid),
                      field("reply", &OneChatPush::reply));
  }
};

// What an event row adds to a group's message: its kind, and the fields of that kind.
struct EventRowFields {
  std::optional<std::string_view> kind{};
  std::optional<std::string_view> event{};
  std::optional<UserId> by{};
  std::optional<UserId> user{};
  std::optional<std::string_view> role{};
  std::optional<UnixMillis> until{};
  std::optional<std::string_view> groupname{};
  std::optional<std::string_view> groupdesc{};
  std::optional<std::string_view> announcement{};
  std::optional<std::string_view> joining{};
  static constexpr auto fields() {
    return field_list(field("kind", &EventRowFields::kind), field("event", &EventRowFields::event),
                      field("by", &EventRowFields::by), field("user", &EventRowFields::user),
                      field("role", &EventRowFields::role), field("until", &EventRowFields::until),
                      field("groupname", &EventRowFields::groupname),
                      field("groupdesc", &EventRowFields::groupdesc),
                      field("announcement", &EventRowFields::announcement),
                      field("joining", &EventRowFields::joining));
  }
};

struct GroupChatPush : EventRowFields {
  static constexpr Msgid kMsgid = Msgid::kGroupChat;
  UserId sender{};
  std::string_view name{};
  GroupId groupid{};
  std::string_view msg{};
  std::string_view time{};
  UnixMillis ts = 0;
  Seq seq = 0;
  std::optional<std::string_view> cid{};
  std::optional<Seq> reply{};
  std::optional<std::vector<UserId>> at{};
  bool at_all = false;
  static constexpr auto fields() {
    return with_fields_of<EventRowFields>(
        field_list(field("id", &GroupChatPush::sender), field("name", &GroupChatPush::name),
                   field("groupid", &GroupChatPush::groupid), field("msg", &GroupChatPush::msg),
                   field("time", &GroupChatPush::time), lenient_field("ts", &GroupChatPush::ts),
                   lenient_field("seq", &GroupChatPush::seq), field("cid", &GroupChatPush::cid),
                   field("reply", &GroupChatPush::reply), field("at", &GroupChatPush::at),
                   flag_field("at_all", &GroupChatPush::at_all)));
  }
};

// Either push as a list item; `msgid` tells which.
struct AnyChatPush : EventRowFields {
  std::int64_t msgid = 0;
  UserId sender{};
  std::string_view name{};
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  std::string_view msg{};
  std::string_view time{};
  UnixMillis ts = 0;
  Seq seq = 0;
  std::optional<std::string_view> cid{};
  std::optional<AnyReply> reply{};
  std::optional<std::vector<UserId>> at{};
  bool at_all = false;
  static constexpr auto fields() {
    return with_fields_of<EventRowFields>(
        field_list(field("msgid", &AnyChatPush::msgid), field("id", &AnyChatPush::sender),
                   field("name", &AnyChatPush::name), field("toid", &AnyChatPush::toid),
                   field("groupid", &AnyChatPush::groupid), field("msg", &AnyChatPush::msg),
                   field("time", &AnyChatPush::time), lenient_field("ts", &AnyChatPush::ts),
                   lenient_field("seq", &AnyChatPush::seq), field("cid", &AnyChatPush::cid),
                   field("reply", &AnyChatPush::reply), field("at", &AnyChatPush::at),
                   flag_field("at_all", &AnyChatPush::at_all)));
  }
};

}  // namespace chat::protocol::messages
