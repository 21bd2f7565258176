#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 6: groups and their members.
namespace chat::protocol::messages {

struct MemberItem {
  UserId id{};
  std::string_view name{};
  std::string_view state{};
  std::string_view role{};
  std::optional<UnixMillis> muted_until{};
  static constexpr auto fields() {
    return field_list(field("id", &MemberItem::id), field("name", &MemberItem::name),
                      lenient_field("state", &MemberItem::state),
                      lenient_field("role", &MemberItem::role),
                      field("muted_until", &MemberItem::muted_until));
  }
};

// `role` is the reader's own; `muted_until` mutes all normal members.
struct GroupItem {
  GroupId id{};
  std::string_view groupname{};
  std::string_view groupdesc{};
  std::optional<std::string_view> announcement{};
  std::optional<std::string_view> joining{};
  std::optional<std::string_view> role{};
  std::optional<UnixMillis> muted_until{};
  bool dismissed = false;
  std::optional<std::vector<MemberItem>> users{};
  static constexpr auto fields() {
    return field_list(
        field("id", &GroupItem::id), field("groupname", &GroupItem::groupname),
        lenient_field("groupdesc", &GroupItem::groupdesc),
        field("announcement", &GroupItem::announcement), field("joining", &GroupItem::joining),
        field("role", &GroupItem::role), field("muted_until", &GroupItem::muted_until),
        flag_field("dismissed", &GroupItem::dismissed), field("users", &GroupItem::users));
  }
};

struct CreateGroup {
  static constexpr Msgid kMsgid = Msgid::kCreateGroup;
  std::optional<UserId> sender{};
  std::string groupname{};
  std::optional<std::string> groupdesc{};
  static constexpr auto fields() {
    return field_list(sender_field(&CreateGroup::sender),
                      field("groupname", &CreateGroup::groupname, FieldKind::kName),
                      field("groupdesc", &CreateGroup::groupdesc, FieldKind::kGroupDesc));
  }
};

struct CreateGroupReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kCreateGroup);
  GroupId groupid{};
  static constexpr auto fields() {
    return field_list(field("groupid", &CreateGroupReply::groupid));
  }
};

// By id, or by the code of an invitation.
struct AddGroup {
  static constexpr Msgid kMsgid = Msgid::kAddGroup;
  std::optional<UserId> sender{};
  std::optional<GroupId> groupid{};
  std::optional<std::string> text{};
  std::optional<std::string> code{};
  static constexpr auto fields() {
    return field_list(sender_field(&AddGroup::sender), field("groupid", &AddGroup::groupid),
                      field("text", &AddGroup::text, FieldKind::kRequestText),
                      field("code", &AddGroup::code));
  }
};

// `pending`: an admin has to accept.
struct AddGroupReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kAddGroup);
  std::optional<GroupItem> group{};
  bool pending = false;
  static constexpr auto fields() {
    return field_list(field("group", &AddGroupReply::group),
                      flag_field("pending", &AddGroupReply::pending));
  }
};

struct GroupInfo {
  static constexpr Msgid kMsgid = Msgid::kGroupInfo;
  std::optional<UserId> sender{};
  GroupId groupid{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return field_list(sender_field(&GroupInfo::sender), field("groupid", &GroupInfo::groupid),
                      field("cursor", &GroupInfo::cursor));
  }
};

struct GroupInfoReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kGroupInfo);
  GroupItem group{};
  std::vector<MemberItem> users{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return field_list(field("group", &GroupInfoReply::group),
                      field("users", &GroupInfoReply::users),
                      field("cursor", &GroupInfoReply::cursor));
  }
};

// The fields of an event row of kind "notice", as they are stored and pushed. `by` is who acted,
// `user` whom it concerns.
struct Notice {
  std::string_view event{};
  UserId by{};
  std::optional<UserId> user{};
  std::optional<std::string_view> role{};
  std::optional<UnixMillis> until{};
  std::optional<std::string_view> groupname{};
  std::optional<std::string_view> groupdesc{};
  std::optional<std::string_view> announcement{};
  std::optional<std::string_view> joining{};
  static constexpr auto fields() {
    return field_list(
        field("event", &Notice::event), field("by", &Notice::by), field("user", &Notice::user),
        field("role", &Notice::role), field("until", &Notice::until),
        field("groupname", &Notice::groupname), field("groupdesc", &Notice::groupdesc),
        field("announcement", &Notice::announcement), field("joining", &Notice::joining));
  }
};

// `change`: to the members "joined" or "left" (`id`); to admins "request" (`id` asks to join); to
// others "invited" (`by` invites).
struct GroupPush {
  static constexpr Msgid kMsgid = Msgid::kGroup;
  GroupId groupid{};
  std::string_view change{};
  std::optional<UserId> id{};
  std::optional<std::string_view> name{};
  std::optional<UserId> by{};
  std::optional<std::string_view> groupname{};
  std::optional<std::string_view> text{};
  static constexpr auto fields() {
    return field_list(field("groupid", &GroupPush::groupid), field("change", &GroupPush::change),
                      field("id", &GroupPush::id), field("name", &GroupPush::name),
                      field("by", &GroupPush::by), field("groupname", &GroupPush::groupname),
                      field("text", &GroupPush::text));
  }
};

}  // namespace chat::protocol::messages
