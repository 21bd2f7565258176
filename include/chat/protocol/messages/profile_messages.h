#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 6: profiles.
namespace chat::protocol::messages {

// A user as USER_INFO, SET_PROFILE and FIND show it. The policies are shown to their owner only.
struct UserItem {
  UserId id{};
  std::string_view name{};
  std::optional<std::string_view> nick{};
  std::optional<std::string_view> bio{};
  std::optional<std::string_view> avatar{};
  std::optional<std::string_view> state{};
  std::optional<bool> is_friend{};  // in the list of the user who asks
  std::optional<bool> blocked{};    // by the user who asks
  std::optional<std::string_view> who_may_add{};
  std::optional<std::string_view> who_may_chat{};
  static constexpr auto fields() {
    return field_list(field("id", &UserItem::id), field("name", &UserItem::name),
                      field("nick", &UserItem::nick), field("bio", &UserItem::bio),
                      field("avatar", &UserItem::avatar), field("state", &UserItem::state),
                      field("friend", &UserItem::is_friend), field("blocked", &UserItem::blocked),
                      field("who_may_add", &UserItem::who_may_add),
                      field("who_may_chat", &UserItem::who_may_chat));
  }
};

struct UserInfo {
  static constexpr Msgid kMsgid = Msgid::kUserInfo;
  std::optional<UserId> sender{};
  std::optional<UserId> userid{};
  std::optional<std::string> name{};
  static constexpr auto fields() {
    return field_list(sender_field(&UserInfo::sender), field("userid", &UserInfo::userid),
                      field("name", &UserInfo::name));
  }
};

struct UserInfoReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kUserInfo);
  UserItem user{};
  static constexpr auto fields() { return field_list(field("user", &UserInfoReply::user)); }
};

// What is missing stays.
struct SetProfile {
  static constexpr Msgid kMsgid = Msgid::kSetProfile;
  std::optional<UserId> sender{};
  std::optional<std::string> nick{};
  std::optional<std::string> bio{};
  std::optional<std::string> avatar{};
  std::optional<std::string> who_may_add{};
  std::optional<std::string> who_may_chat{};
  static constexpr auto fields() {
    return field_list(sender_field(&SetProfile::sender),
                      field("nick", &SetProfile::nick, FieldKind::kNick),
                      field("bio", &SetProfile::bio, FieldKind::kBio),
                      field("avatar", &SetProfile::avatar, FieldKind::kAvatar),
                      field("who_may_add", &SetProfile::who_may_add),
                      field("who_may_chat", &SetProfile::who_may_chat));
  }
};

struct SetProfileReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kSetProfile);
  UserItem user{};
  static constexpr auto fields() { return field_list(field("user", &SetProfileReply::user)); }
};

}  // namespace chat::protocol::messages
