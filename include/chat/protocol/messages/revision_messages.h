#pragma once

#include <optional>
#include <string>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"
#include "chat/protocol/msgid.h"

// PROTOCOL.md, section 4: recalling and editing messages.
namespace chat::protocol::messages {

// The message `seq` of the user's stream to `toid`, or of the group.
struct Recall {
  static constexpr Msgid kMsgid = Msgid::kRecall;
  std::optional<UserId> sender{};
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  static constexpr auto fields() {
    return field_list(sender_field(&Recall::sender), field("toid", &Recall::toid),
                      field("groupid", &Recall::groupid), field("seq", &Recall::seq));
  }
};

// `seq` is that of the event.
struct RecallReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kRecall);
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return field_list(field("toid", &RecallReply::toid), field("groupid", &RecallReply::groupid),
                      field("seq", &RecallReply::seq), field("ts", &RecallReply::ts));
  }
};

struct Edit {
  static constexpr Msgid kMsgid = Msgid::kEdit;
  std::optional<UserId> sender{};
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  std::string msg{};
  static constexpr auto fields() {
    return field_list(sender_field(&Edit::sender), field("toid", &Edit::toid),
                      field("groupid", &Edit::groupid), field("seq", &Edit::seq),
                      field("msg", &Edit::msg, FieldKind::kText));
  }
};

struct EditReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kEdit);
  std::optional<UserId> toid{};
  std::optional<GroupId> groupid{};
  Seq seq = 0;
  UnixMillis ts = 0;
  static constexpr auto fields() {
    return field_list(field("toid", &EditReply::toid), field("groupid", &EditReply::groupid),
                      field("seq", &EditReply::seq), field("ts", &EditReply::ts));
  }
};

// The fields of an event row of kind "recall" or "edit", as they are stored and pushed: `ref` is
// the message, `rev` counts its edits, `prev` is the edit before.
struct RevisionFields {
  Seq ref = 0;
  std::optional<Seq> rev{};
  std::optional<Seq> prev{};
  static constexpr auto fields() {
    return field_list(field("ref", &RevisionFields::ref), field("rev", &RevisionFields::rev),
                      field("prev", &RevisionFields::prev));
  }
};

}  // namespace chat::protocol::messages
