#pragma once

#include <optional>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 5: delivery and read positions.
namespace chat::protocol::messages {

// Confirms one stream's messages up to `seq`. Exactly one of `from` and `groupid` names the stream.
struct Delivered {
  static constexpr Msgid kMsgid = Msgid::kDelivered;
  std::optional<UserId> sender{};
  std::optional<UserId> from{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  static constexpr auto fields() {
    return field_list(sender_field(&Delivered::sender), field("from", &Delivered::from),
                      field("groupid", &Delivered::groupid), field("seq", &Delivered::seq));
  }
};

struct Read {
  static constexpr Msgid kMsgid = Msgid::kRead;
  std::optional<UserId> sender{};
  std::optional<UserId> from{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  static constexpr auto fields() {
    return field_list(sender_field(&Read::sender), field("from", &Read::from),
                      field("groupid", &Read::groupid), field("seq", &Read::seq));
  }
};

struct Sync {
  static constexpr Msgid kMsgid = Msgid::kSync;
  std::optional<UserId> sender{};
  std::optional<UserId> from{};
  std::optional<GroupId> groupid{};
  std::optional<Seq> after{};
  static constexpr auto fields() {
    return field_list(sender_field(&Sync::sender), field("from", &Sync::from),
                      field("groupid", &Sync::groupid), field("after", &Sync::after));
  }
};

struct SyncReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kSync);
  static constexpr auto fields() { return field_list(); }
};

// Everything up to `seq` has been delivered to, or read by, one user or a whole group.
struct ReceiptPush {
  static constexpr Msgid kMsgid = Msgid::kReceipt;
  std::string_view kind{};
  std::optional<UserId> user{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  static constexpr auto fields() {
    return field_list(field("kind", &ReceiptPush::kind), field("id", &ReceiptPush::user),
                      field("groupid", &ReceiptPush::groupid), field("seq", &ReceiptPush::seq));
  }
};

}  // namespace chat::protocol::messages
