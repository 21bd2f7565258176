#pragma once

#include <optional>
#include <string>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// Requests about messages and conversations (PROTOCOL.md). In each, one of the two targets is set.
namespace chat::client::requests {

inline constexpr protocol::Msgid kRecall{50};
inline constexpr protocol::Msgid kEdit{51};
inline constexpr protocol::Msgid kTyping{52};
inline constexpr protocol::Msgid kReaders{53};
inline constexpr protocol::Msgid kInbox{54};
inline constexpr protocol::Msgid kSetConversation{55};
inline constexpr protocol::Msgid kTypingPush{205};

struct Recall {
  static constexpr protocol::Msgid kMsgid = kRecall;
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  static constexpr auto fields() {
    return protocol::field_list(protocol::field("toid", &Recall::toid),
                                protocol::field("groupid", &Recall::groupid),
                                protocol::field("seq", &Recall::seq));
  }
};

struct Edit {
  static constexpr protocol::Msgid kMsgid = kEdit;
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  std::string msg{};
  static constexpr auto fields() {
    return protocol::field_list(
        protocol::field("toid", &Edit::toid), protocol::field("groupid", &Edit::groupid),
        protocol::field("seq", &Edit::seq), protocol::field("msg", &Edit::msg));
  }
};

struct Typing {  // has no reply
  static constexpr protocol::Msgid kMsgid = kTyping;
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  bool on = true;
  static constexpr auto fields() {
    return protocol::field_list(protocol::field("toid", &Typing::toid),
                                protocol::field("groupid", &Typing::groupid),
                                protocol::field("on", &Typing::on));
  }
};

struct Readers {
  static constexpr protocol::Msgid kMsgid = kReaders;
  GroupId groupid{};
  Seq seq = 0;
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return protocol::field_list(protocol::field("groupid", &Readers::groupid),
                                protocol::field("seq", &Readers::seq),
                                protocol::field("cursor", &Readers::cursor));
  }
};

struct Inbox {
  static constexpr protocol::Msgid kMsgid = kInbox;
  std::optional<std::int64_t> limit{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return protocol::field_list(protocol::field("limit", &Inbox::limit),
                                protocol::field("cursor", &Inbox::cursor));
  }
};

struct SetConversation {
  static constexpr protocol::Msgid kMsgid = kSetConversation;
  std::optional<UserId> with{};
  std::optional<GroupId> groupid{};
  std::optional<bool> pinned{};
  std::optional<bool> muted{};
  std::optional<bool> hidden{};
  static constexpr auto fields() {
    return protocol::field_list(protocol::field("with", &SetConversation::with),
                                protocol::field("groupid", &SetConversation::groupid),
                                protocol::field("pinned", &SetConversation::pinned),
                                protocol::field("muted", &SetConversation::muted),
                                protocol::field("hidden", &SetConversation::hidden));
  }
};

}  // namespace chat::client::requests
