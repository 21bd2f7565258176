#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/chat_pushes.h"
#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, sections 3 and 8: the connection and the login.
namespace chat::protocol::messages {

struct Hello {
  static constexpr Msgid kMsgid = Msgid::kHello;
  std::optional<std::string> client{};
  std::optional<std::string> version{};
  static constexpr auto fields() {
    return field_list(field("client", &Hello::client), field("version", &Hello::version));
  }
};

// The limits of the protocol by name (limit_table.h).
struct Limits {
  static constexpr auto fields() { return field_list(); }
};

struct HelloReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kHello);
  std::string_view server{};
  std::string_view version{};
  std::string_view node{};
  Limits limits{};
  std::vector<std::string_view> features{};
  static constexpr auto fields() {
    return field_list(field("server", &HelloReply::server), field("version", &HelloReply::version),
                      field("node", &HelloReply::node), field("limits", &HelloReply::limits),
                      field("features", &HelloReply::features));
  }
};

struct Ping {
  static constexpr Msgid kMsgid = Msgid::kPing;
  static constexpr auto fields() { return field_list(); }
};

struct PingReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kPing);
  UnixMillis ts = 0;
  static constexpr auto fields() { return field_list(field("ts", &PingReply::ts)); }
};

// By id or name and password, or by token.
struct Login {
  static constexpr Msgid kMsgid = Msgid::kLogin;
  std::optional<UserId> id{};
  std::optional<std::string> name{};
  std::optional<std::string> password{};
  std::optional<std::string> token{};
  bool takeover = false;
  bool ack = false;
  bool heartbeat = false;
  static constexpr auto fields() {
    return field_list(field("id", &Login::id), field("name", &Login::name),
                      field("password", &Login::password), field("token", &Login::token),
                      flag_field("takeover", &Login::takeover), flag_field("ack", &Login::ack),
                      flag_field("heartbeat", &Login::heartbeat));
  }
};

struct LoginReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kLogin);
  UserId id{};
  std::string_view name{};
  std::string_view token{};
  std::vector<AnyChatPush> offlinemsg{};
  std::vector<FriendItem> friends{};
  std::vector<GroupItem> groups{};
  bool more = false;
  bool more_friends = false;
  bool more_groups = false;
  std::string_view node{};
  std::int64_t heartbeat_ms = 0;
  static constexpr auto fields() {
    return field_list(
        field("id", &LoginReply::id), field("name", &LoginReply::name),
        lenient_field("token", &LoginReply::token), field("offlinemsg", &LoginReply::offlinemsg),
        field("friends", &LoginReply::friends), field("groups", &LoginReply::groups),
        field("more", &LoginReply::more), field("more_friends", &LoginReply::more_friends),
        field("more_groups", &LoginReply::more_groups), lenient_field("node", &LoginReply::node),
        lenient_field("heartbeat_ms", &LoginReply::heartbeat_ms));
  }
};

struct Logout {
  static constexpr Msgid kMsgid = Msgid::kLogout;
  std::optional<UserId> sender{};
  static constexpr auto fields() { return field_list(sender_field(&Logout::sender)); }
};

struct LogoutReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kLogout);
  static constexpr auto fields() { return field_list(); }
};

// The server ends the connection (section 8). -1: the client should not reconnect by itself.
struct ByePush {
  static constexpr Msgid kMsgid = Msgid::kBye;
  std::string_view reason{};
  std::int64_t reconnect_after_ms = -1;
  static constexpr auto fields() {
    return field_list(lenient_field("reason", &ByePush::reason),
                      lenient_field("reconnect_after_ms", &ByePush::reconnect_after_ms));
  }
};

// What an operator tells everybody who is online (section 6).
struct AnnouncementPush {
  static constexpr Msgid kMsgid = Msgid::kAnnouncement;
  std::string_view text{};
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return field_list(field("text", &AnnouncementPush::text), field("ts", &AnnouncementPush::ts));
  }
};

}  // namespace chat::protocol::messages
