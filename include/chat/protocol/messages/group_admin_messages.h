#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/messages/group_messages.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 6: running a group.
namespace chat::protocol::messages {

struct LeaveGroup {
  static constexpr Msgid kMsgid = Msgid::kLeaveGroup;
  std::optional<UserId> sender{};
  GroupId groupid{};
  static constexpr auto fields() {
    return field_list(sender_field(&LeaveGroup::sender), field("groupid", &LeaveGroup::groupid));
  }
};

struct LeaveGroupReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kLeaveGroup);
  static constexpr auto fields() { return field_list(); }
};

struct RemoveMember {
  static constexpr Msgid kMsgid = Msgid::kRemoveMember;
  std::optional<UserId> sender{};
  GroupId groupid{};
  UserId userid{};
  static constexpr auto fields() {
    return field_list(sender_field(&RemoveMember::sender), field("groupid", &RemoveMember::groupid),
                      field("userid", &RemoveMember::userid));
  }
};

struct RemoveMemberReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kRemoveMember);
  static constexpr auto fields() { return field_list(); }
};

// "admin", "normal", or "creator" to hand the group over.
struct SetRole {
  static constexpr Msgid kMsgid = Msgid::kSetRole;
  std::optional<UserId> sender{};
  GroupId groupid{};
  UserId userid{};
  std::string role{};
  static constexpr auto fields() {
    return field_list(sender_field(&SetRole::sender), field("groupid", &SetRole::groupid),
                      field("userid", &SetRole::userid), field("role", &SetRole::role));
  }
};

struct SetRoleReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kSetRole);
  static constexpr auto fields() { return field_list(); }
};

// Without `userid`: all normal members. 0 seconds ends a mute.
struct Mute {
  static constexpr Msgid kMsgid = Msgid::kMute;
  std::optional<UserId> sender{};
  GroupId groupid{};
  std::optional<UserId> userid{};
  std::int64_t seconds = 0;
  static constexpr auto fields() {
    return field_list(sender_field(&Mute::sender), field("groupid", &Mute::groupid),
                      field("userid", &Mute::userid), field("seconds", &Mute::seconds));
  }
};

struct MuteReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kMute);
  static constexpr auto fields() { return field_list(); }
};

// What is missing stays.
struct SetGroup {
  static constexpr Msgid kMsgid = Msgid::kSetGroup;
  std::optional<UserId> sender{};
  GroupId groupid{};
  std::optional<std::string> groupname{};
  std::optional<std::string> groupdesc{};
  std::optional<std::string> announcement{};
  std::optional<std::string> joining{};
  static constexpr auto fields() {
    return field_list(sender_field(&SetGroup::sender), field("groupid", &SetGroup::groupid),
                      field("groupname", &SetGroup::groupname, FieldKind::kName),
                      field("groupdesc", &SetGroup::groupdesc, FieldKind::kGroupDesc),
                      field("announcement", &SetGroup::announcement, FieldKind::kAnnouncement),
                      field("joining", &SetGroup::joining));
  }
};

struct SetGroupReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kSetGroup);
  GroupItem group{};
  static constexpr auto fields() { return field_list(field("group", &SetGroupReply::group)); }
};

struct JoinAnswer {
  static constexpr Msgid kMsgid = Msgid::kJoinAnswer;
  std::optional<UserId> sender{};
  GroupId groupid{};
  UserId userid{};
  bool accept = false;
  static constexpr auto fields() {
    return field_list(sender_field(&JoinAnswer::sender), field("groupid", &JoinAnswer::groupid),
                      field("userid", &JoinAnswer::userid), field("accept", &JoinAnswer::accept));
  }
};

struct JoinAnswerReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kJoinAnswer);
  static constexpr auto fields() { return field_list(); }
};

// The terms of an invitation code.
struct CodeTerms {
  std::int64_t days = 0;
  std::int64_t uses = 0;
  static constexpr auto fields() {
    return field_list(field("days", &CodeTerms::days), field("uses", &CodeTerms::uses));
  }
};

// A user, or a code for whoever has it.
struct Invite {
  static constexpr Msgid kMsgid = Msgid::kInvite;
  std::optional<UserId> sender{};
  GroupId groupid{};
  std::optional<UserId> userid{};
  std::optional<CodeTerms> code{};
  static constexpr auto fields() {
    return field_list(sender_field(&Invite::sender), field("groupid", &Invite::groupid),
                      field("userid", &Invite::userid), field("code", &Invite::code));
  }
};

struct InviteReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kInvite);
  std::optional<std::string_view> code{};
  std::optional<UnixMillis> expires{};
  static constexpr auto fields() {
    return field_list(field("code", &InviteReply::code), field("expires", &InviteReply::expires));
  }
};

struct DismissGroup {
  static constexpr Msgid kMsgid = Msgid::kDismissGroup;
  std::optional<UserId> sender{};
  GroupId groupid{};
  static constexpr auto fields() {
    return field_list(sender_field(&DismissGroup::sender),
                      field("groupid", &DismissGroup::groupid));
  }
};

struct DismissGroupReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kDismissGroup);
  static constexpr auto fields() { return field_list(); }
};

}  // namespace chat::protocol::messages
