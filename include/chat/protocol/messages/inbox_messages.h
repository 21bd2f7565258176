#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/chat_pushes.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 6: conversations, and who has read.
namespace chat::protocol::messages {

struct Readers {
  static constexpr Msgid kMsgid = Msgid::kReaders;
  std::optional<UserId> sender{};
  GroupId groupid{};
  std::int64_t seq = 0;
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return field_list(sender_field(&Readers::sender), field("groupid", &Readers::groupid),
                      field("seq", &Readers::seq), field("cursor", &Readers::cursor));
  }
};

struct ReaderItem {
  UserId id{};
  std::string_view name{};
  static constexpr auto fields() {
    return field_list(field("id", &ReaderItem::id), field("name", &ReaderItem::name));
  }
};

// `read` of the `members` have read the message: `users`, page by page.
struct ReadersReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kReaders);
  std::int64_t read = 0;
  std::int64_t members = 0;
  std::vector<ReaderItem> users{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return field_list(field("read", &ReadersReply::read), field("members", &ReadersReply::members),
                      field("users", &ReadersReply::users), field("cursor", &ReadersReply::cursor));
  }
};

struct Inbox {
  static constexpr Msgid kMsgid = Msgid::kInbox;
  std::optional<UserId> sender{};
  std::optional<std::int64_t> limit{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return field_list(sender_field(&Inbox::sender), field("limit", &Inbox::limit),
                      field("cursor", &Inbox::cursor));
  }
};

// Exactly one of `with` and `groupid` is set.
struct ConversationItem {
  std::optional<UserId> with{};
  std::optional<GroupId> groupid{};
  std::string_view name{};
  AnyChatPush last{};
  std::int64_t unread = 0;
  std::int64_t mentions = 0;
  Seq read_seq = 0;
  bool pinned = false;
  bool muted = false;
  static constexpr auto fields() {
    return field_list(
        field("with", &ConversationItem::with), field("groupid", &ConversationItem::groupid),
        field("name", &ConversationItem::name), field("last", &ConversationItem::last),
        field("unread", &ConversationItem::unread), field("mentions", &ConversationItem::mentions),
        field("read_seq", &ConversationItem::read_seq),
        lenient_field("pinned", &ConversationItem::pinned),
        lenient_field("muted", &ConversationItem::muted));
  }
};

// Newest first. `cursor` is present if there are more.
struct InboxReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kInbox);
  std::vector<ConversationItem> conversations{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return field_list(field("conversations", &InboxReply::conversations),
                      field("cursor", &InboxReply::cursor));
  }
};

struct SetConversation {
  static constexpr Msgid kMsgid = Msgid::kSetConversation;
  std::optional<UserId> sender{};
  std::optional<UserId> with{};
  std::optional<GroupId> groupid{};
  std::optional<bool> pinned{};
  std::optional<bool> muted{};
  std::optional<bool> hidden{};
  static constexpr auto fields() {
    return field_list(
        sender_field(&SetConversation::sender), field("with", &SetConversation::with),
        field("groupid", &SetConversation::groupid), field("pinned", &SetConversation::pinned),
        field("muted", &SetConversation::muted), field("hidden", &SetConversation::hidden));
  }
};

struct SetConversationReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kSetConversation);
  static constexpr auto fields() { return field_list(); }
};

}  // namespace chat::protocol::messages
