#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 6: friends and groups.
namespace chat::protocol::messages {

struct FriendItem {
  UserId id{};
  std::string_view name{};
  std::string_view state{};
  static constexpr auto fields() {
    return std::tuple{field("id", &FriendItem::id), field("name", &FriendItem::name),
                      lenient_field("state", &FriendItem::state)};
  }
};

struct MemberItem {
  UserId id{};
  std::string_view name{};
  std::string_view state{};
  std::string_view role{};
  static constexpr auto fields() {
    return std::tuple{field("id", &MemberItem::id), field("name", &MemberItem::name),
                      lenient_field("state", &MemberItem::state),
                      lenient_field("role", &MemberItem::role)};
  }
};

struct GroupItem {
  GroupId id{};
  std::string_view groupname{};
  std::string_view groupdesc{};
  std::optional<std::vector<MemberItem>> users{};
  static constexpr auto fields() {
    return std::tuple{field("id", &GroupItem::id), field("groupname", &GroupItem::groupname),
                      lenient_field("groupdesc", &GroupItem::groupdesc),
                      field("users", &GroupItem::users)};
  }
};

struct AddFriend {
  static constexpr Msgid kMsgid = Msgid::kAddFriend;
  std::optional<UserId> sender{};
  UserId friendid{};
  static constexpr auto fields() {
    return std::tuple{sender_field(&AddFriend::sender), field("friendid", &AddFriend::friendid)};
  }
};

struct AddFriendReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kAddFriend);
  FriendItem added{};
  static constexpr auto fields() { return std::tuple{field("friend", &AddFriendReply::added)}; }
};

struct CreateGroup {
  static constexpr Msgid kMsgid = Msgid::kCreateGroup;
  std::optional<UserId> sender{};
  std::string groupname{};
  std::optional<std::string> groupdesc{};
  static constexpr auto fields() {
    return std::tuple{sender_field(&CreateGroup::sender),
                      field("groupname", &CreateGroup::groupname, FieldKind::kName),
                      field("groupdesc", &CreateGroup::groupdesc, FieldKind::kGroupDesc)};
  }
};

struct CreateGroupReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kCreateGroup);
  GroupId groupid{};
  static constexpr auto fields() {
    return std::tuple{field("groupid", &CreateGroupReply::groupid)};
  }
};

struct AddGroup {
  static constexpr Msgid kMsgid = Msgid::kAddGroup;
  std::optional<UserId> sender{};
  GroupId groupid{};
  static constexpr auto fields() {
    return std::tuple{sender_field(&AddGroup::sender), field("groupid", &AddGroup::groupid)};
  }
};

struct AddGroupReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kAddGroup);
  GroupItem group{};
  static constexpr auto fields() { return std::tuple{field("group", &AddGroupReply::group)}; }
};

struct GroupInfo {
  static constexpr Msgid kMsgid = Msgid::kGroupInfo;
  std::optional<UserId> sender{};
  GroupId groupid{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return std::tuple{sender_field(&GroupInfo::sender), field("groupid", &GroupInfo::groupid),
                      field("cursor", &GroupInfo::cursor)};
  }
};

struct GroupInfoReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kGroupInfo);
  GroupItem group{};
  std::vector<MemberItem> users{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return std::tuple{field("group", &GroupInfoReply::group),
                      field("users", &GroupInfoReply::users),
                      field("cursor", &GroupInfoReply::cursor)};
  }
};

struct List {
  static constexpr Msgid kMsgid = Msgid::kList;
  std::optional<UserId> sender{};
  std::string kind{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return std::tuple{sender_field(&List::sender), field("kind", &List::kind),
                      field("cursor", &List::cursor)};
  }
};

// Friends or groups, as requested.
struct ListReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kList);
  std::optional<std::vector<FriendItem>> friends{};
  std::optional<std::vector<GroupItem>> groups{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return std::tuple{field("friends", &ListReply::friends), field("groups", &ListReply::groups),
                      field("cursor", &ListReply::cursor)};
  }
};

struct PresencePush {
  static constexpr Msgid kMsgid = Msgid::kPresence;
  UserId id{};
  std::string_view state{};
  static constexpr auto fields() {
    return std::tuple{field("id", &PresencePush::id), field("state", &PresencePush::state)};
  }
};

// `id` has added the user as a friend.
struct ContactPush {
  static constexpr Msgid kMsgid = Msgid::kContact;
  UserId id{};
  std::string_view name{};
  static constexpr auto fields() {
    return std::tuple{field("id", &ContactPush::id), field("name", &ContactPush::name)};
  }
};

// A member has "joined" or "left".
struct GroupPush {
  static constexpr Msgid kMsgid = Msgid::kGroup;
  GroupId groupid{};
  std::string_view change{};
  std::optional<UserId> id{};
  std::optional<std::string_view> name{};
  static constexpr auto fields() {
    return std::tuple{field("groupid", &GroupPush::groupid), field("change", &GroupPush::change),
                      field("id", &GroupPush::id), field("name", &GroupPush::name)};
  }
};

}  // namespace chat::protocol::messages
