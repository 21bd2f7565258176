#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 4, and HISTORY of section 6.
namespace chat::protocol::messages {

struct OneChat {
  static constexpr Msgid kMsgid = Msgid::kOneChat;
  std::optional<UserId> sender{};
  UserId toid{};
  std::string msg{};
  static constexpr auto fields() {
    return std::tuple{sender_field(&OneChat::sender), CarriedField{"name"}, CarriedField{"time"},
                      field("toid", &OneChat::toid), field("msg", &OneChat::msg, FieldKind::kText)};
  }
};

struct OneChatReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kOneChat);
  UserId toid{};
  Seq seq = 0;
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return std::tuple{lenient_field("toid", &OneChatReply::toid), field("seq", &OneChatReply::seq),
                      lenient_field("ts", &OneChatReply::ts)};
  }
};

struct GroupChat {
  static constexpr Msgid kMsgid = Msgid::kGroupChat;
  std::optional<UserId> sender{};
  GroupId groupid{};
  std::string msg{};
  static constexpr auto fields() {
    return std::tuple{sender_field(&GroupChat::sender), CarriedField{"name"}, CarriedField{"time"},
                      field("groupid", &GroupChat::groupid),
                      field("msg", &GroupChat::msg, FieldKind::kText)};
  }
};

struct GroupChatReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kGroupChat);
  GroupId groupid{};
  Seq seq = 0;
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return std::tuple{lenient_field("groupid", &GroupChatReply::groupid),
                      field("seq", &GroupChatReply::seq), lenient_field("ts", &GroupChatReply::ts)};
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
  static constexpr auto fields() {
    return std::tuple{
        field("id", &OneChatPush::sender),       field("name", &OneChatPush::name),
        field("toid", &OneChatPush::toid),       field("msg", &OneChatPush::msg),
        field("time", &OneChatPush::time),       lenient_field("ts", &OneChatPush::ts),
        lenient_field("seq", &OneChatPush::seq), field("cid", &OneChatPush::cid)};
  }
};

struct GroupChatPush {
  static constexpr Msgid kMsgid = Msgid::kGroupChat;
  UserId sender{};
  std::string_view name{};
  GroupId groupid{};
  std::string_view msg{};
  std::string_view time{};
  UnixMillis ts = 0;
  Seq seq = 0;
  std::optional<std::string_view> cid{};
  static constexpr auto fields() {
    return std::tuple{
        field("id", &GroupChatPush::sender),       field("name", &GroupChatPush::name),
        field("groupid", &GroupChatPush::groupid), field("msg", &GroupChatPush::msg),
        field("time", &GroupChatPush::time),       lenient_field("ts", &GroupChatPush::ts),
        lenient_field("seq", &GroupChatPush::seq), field("cid", &GroupChatPush::cid)};
  }
};

// Either push as a list item; `msgid` tells which. `kind` and the fields after it: what is not
// plain text.
struct AnyChatPush {
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
  std::optional<std::string_view> kind{};
  std::optional<std::string_view> event{};
  std::optional<UserId> by{};
  std::optional<UserId> user{};
  static constexpr auto fields() {
    return std::tuple{
        field("msgid", &AnyChatPush::msgid),     field("id", &AnyChatPush::sender),
        field("name", &AnyChatPush::name),       field("toid", &AnyChatPush::toid),
        field("groupid", &AnyChatPush::groupid), field("msg", &AnyChatPush::msg),
        field("time", &AnyChatPush::time),       lenient_field("ts", &AnyChatPush::ts),
        lenient_field("seq", &AnyChatPush::seq), field("cid", &AnyChatPush::cid),
        field("kind", &AnyChatPush::kind),       field("event", &AnyChatPush::event),
        field("by", &AnyChatPush::by),           field("user", &AnyChatPush::user)};
  }
};

struct History {
  static constexpr Msgid kMsgid = Msgid::kHistory;
  std::optional<UserId> sender{};
  std::optional<UserId> with{};
  std::optional<GroupId> groupid{};
  std::optional<std::int64_t> limit{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return std::tuple{sender_field(&History::sender), field("with", &History::with),
                      field("groupid", &History::groupid), field("limit", &History::limit),
                      field("cursor", &History::cursor)};
  }
};

// Newest last. `cursor` is present if there are older messages.
struct HistoryReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kHistory);
  std::vector<AnyChatPush> messages{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return std::tuple{field("messages", &HistoryReply::messages),
                      field("cursor", &HistoryReply::cursor)};
  }
};

}  // namespace chat::protocol::messages
