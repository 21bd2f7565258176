#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/protocol/messages/profile_messages.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 6: LIST and FIND.
namespace chat::protocol::messages {

// friends, groups, requests, sent_requests, blocked, join_requests, invitations.
struct List {
  static constexpr Msgid kMsgid = Msgid::kList;
  std::optional<UserId> sender{};
  std::string kind{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return field_list(sender_field(&List::sender), field("kind", &List::kind),
                      field("cursor", &List::cursor));
  }
};

// A user's request to join a group that the reader runs.
struct JoinRequestItem {
  GroupId groupid{};
  std::string_view groupname{};
  UserId id{};
  std::string_view name{};
  std::optional<std::string_view> text{};
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return field_list(field("groupid", &JoinRequestItem::groupid),
                      field("groupname", &JoinRequestItem::groupname),
                      field("id", &JoinRequestItem::id), field("name", &JoinRequestItem::name),
                      field("text", &JoinRequestItem::text), field("ts", &JoinRequestItem::ts));
  }
};

// An invitation of the reader by `id`.
struct InvitationItem {
  GroupId groupid{};
  std::string_view groupname{};
  UserId id{};
  std::string_view name{};
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return field_list(field("groupid", &InvitationItem::groupid),
                      field("groupname", &InvitationItem::groupname),
                      field("id", &InvitationItem::id), field("name", &InvitationItem::name),
                      field("ts", &InvitationItem::ts));
  }
};

// The kind that was requested.
struct ListReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kList);
  std::optional<std::vector<FriendItem>> friends{};
  std::optional<std::vector<GroupItem>> groups{};
  std::optional<std::vector<RequestItem>> requests{};
  std::optional<std::vector<RequestItem>> sent_requests{};
  std::optional<std::vector<UserItem>> blocked{};
  std::optional<std::vector<JoinRequestItem>> join_requests{};
  std::optional<std::vector<InvitationItem>> invitations{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return field_list(
        field("friends", &ListReply::friends), field("groups", &ListReply::groups),
        field("requests", &ListReply::requests), field("sent_requests", &ListReply::sent_requests),
        field("blocked", &ListReply::blocked), field("join_requests", &ListReply::join_requests),
        field("invitations", &ListReply::invitations), field("cursor", &ListReply::cursor));
  }
};

// users or groups.
struct Find {
  static constexpr Msgid kMsgid = Msgid::kFind;
  std::optional<UserId> sender{};
  std::string kind{};
  std::string query{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return field_list(sender_field(&Find::sender), field("kind", &Find::kind),
                      field("query", &Find::query, FieldKind::kName),
                      field("cursor", &Find::cursor));
  }
};

struct FindReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kFind);
  std::optional<std::vector<UserItem>> users{};
  std::optional<std::vector<GroupItem>> groups{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return field_list(field("users", &FindReply::users), field("groups", &FindReply::groups),
                      field("cursor", &FindReply::cursor));
  }
};

}  // namespace chat::protocol::messages
