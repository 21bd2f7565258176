#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 4: chat messages as they are pushed and listed.
namespace chat::protocol::messages {

// What an event row adds to a message: its kind, and the fields of that kind. A text has `recalled`
// or `edited` and `rev` if that was done to it; so has the row of an edit that was recalled.
struct EventRowFields {
  std::optional<std::string_view> kind{};
  std::optional<Seq> ref{};
  std::optional<UnixMillis> edited{};
  std::optional<Seq> rev{};
  std::optional<Seq> prev{};
  std::optional<UnixMillis> recalled{};
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
    return field_list(
        field("kind", &EventRowFields::kind), field("ref", &EventRowFields::ref),
        field("edited", &EventRowFields::edited), field("rev", &EventRowFields::rev),
        field("prev", &EventRowFields::prev), field("recalled", &EventRowFields::recalled),
        field("event", &EventRowFields::event), field("by", &EventRowFields::by),
        field("user", &EventRowFields::user), field("role", &EventRowFields::role),
        field("until", &EventRowFields::until), field("groupname", &EventRowFields::groupname),
        field("groupdesc", &EventRowFields::groupdesc),
        field("announcement", &EventRowFields::announcement),
        field("joining", &EventRowFields::joining));
  }
};

struct OneChatPush : EventRowFields {
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
    return with_fields_of<EventRowFields>(
        field_list(field("id", &OneChatPush::sender), field("name", &OneChatPush::name),
                   field("toid", &OneChatPush::toid), field("msg", &OneChatPush::msg),
                   field("time", &OneChatPush::time), lenient_field("ts", &OneChatPush::ts),
                   lenient_field("seq", &OneChatPush::seq), field("cid", &OneChatPush::cid),
                   field("reply", &OneChatPush::reply)));
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
