#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 6: friends and blocks.
namespace chat::protocol::messages {

struct FriendItem {
  UserId id{};
  std::string_view name{};
  std::string_view state{};
  static constexpr auto fields() {
    return field_list(field("id", &FriendItem::id), field("name", &FriendItem::name),
                      lenient_field("state", &FriendItem::state));
  }
};

// A friend request that waits for an answer: by or to `id`.
struct RequestItem {
  UserId id{};
  std::string_view name{};
  std::optional<std::string_view> text{};
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return field_list(field("id", &RequestItem::id), field("name", &RequestItem::name),
                      field("text", &RequestItem::text), field("ts", &RequestItem::ts));
  }
};

struct AddFriend {
  static constexpr Msgid kMsgid = Msgid::kAddFriend;
  std::optional<UserId> sender{};
  UserId friendid{};
  std::optional<std::string> text{};
  static constexpr auto fields() {
    return field_list(sender_field(&AddFriend::sender), field("friendid", &AddFriend::friendid),
                      field("text", &AddFriend::text, FieldKind::kRequestText));
  }
};

// `pending`: the other user has to accept.
struct AddFriendReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kAddFriend);
  std::optional<FriendItem> added{};
  bool pending = false;
  static constexpr auto fields() {
    return field_list(field("friend", &AddFriendReply::added),
                      flag_field("pending", &AddFriendReply::pending));
  }
};

struct FriendAnswer {
  static constexpr Msgid kMsgid = Msgid::kFriendAnswer;
  std::optional<UserId> sender{};
  UserId userid{};
  bool accept = false;
  static constexpr auto fields() {
    return field_list(sender_field(&FriendAnswer::sender), field("userid", &FriendAnswer::userid),
                      field("accept", &FriendAnswer::accept));
  }
};

struct FriendAnswerReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kFriendAnswer);
  std::optional<FriendItem> added{};
  static constexpr auto fields() { return field_list(field("friend", &FriendAnswerReply::added)); }
};

struct RemoveFriend {
  static constexpr Msgid kMsgid = Msgid::kRemoveFriend;
  std::optional<UserId> sender{};
  UserId friendid{};
  static constexpr auto fields() {
    return field_list(sender_field(&RemoveFriend::sender),
                      field("friendid", &RemoveFriend::friendid));
  }
};

struct RemoveFriendReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kRemoveFriend);
  static constexpr auto fields() { return field_list(); }
};

struct Block {
  static constexpr Msgid kMsgid = Msgid::kBlock;
  std::optional<UserId> sender{};
  UserId userid{};
  bool blocked = false;
  static constexpr auto fields() {
    return field_list(sender_field(&Block::sender), field("userid", &Block::userid),
                      field("blocked", &Block::blocked));
  }
};

struct BlockReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kBlock);
  static constexpr auto fields() { return field_list(); }
};

struct PresencePush {
  static constexpr Msgid kMsgid = Msgid::kPresence;
  UserId id{};
  std::string_view state{};
  static constexpr auto fields() {
    return field_list(field("id", &PresencePush::id), field("state", &PresencePush::state));
  }
};

// `event`: "added" (`id` lists the user now), "request", "accepted" or "removed".
struct ContactPush {
  static constexpr Msgid kMsgid = Msgid::kContact;
  UserId id{};
  std::string_view name{};
  std::optional<std::string_view> event{};
  std::optional<std::string_view> text{};
  static constexpr auto fields() {
    return field_list(field("id", &ContactPush::id), field("name", &ContactPush::name),
                      field("event", &ContactPush::event), field("text", &ContactPush::text));
  }
};

}  // namespace chat::protocol::messages
