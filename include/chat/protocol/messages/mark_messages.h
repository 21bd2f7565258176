#pragma once

#include <optional>
#include <vector>

#include "chat/base/ids.h"
#include "chat/protocol/messages/field.h"

// PROTOCOL.md, section 4: what a message replies to, and whom it mentions.
namespace chat::protocol::messages {

// A message of a direct chat: its author, and its seq in the author's stream.
struct ReplyTarget {
  UserId id{};
  Seq seq = 0;
  static constexpr auto fields() {
    return field_list(field("id", &ReplyTarget::id), field("seq", &ReplyTarget::seq));
  }
};

// What a chat request may add to its text; the push repeats it as it was given.
struct DirectMarks {
  std::optional<ReplyTarget> reply{};
  static constexpr auto fields() { return field_list(field("reply", &DirectMarks::reply)); }
};
struct GroupMarks {
  std::optional<Seq> reply{};
  std::optional<std::vector<UserId>> at{};
  bool at_all = false;
  static constexpr auto fields() {
    return field_list(field("reply", &GroupMarks::reply), field("at", &GroupMarks::at),
                      flag_field("at_all", &GroupMarks::at_all));
  }
};

// A reply in either push: of a group it is the seq alone.
struct AnyReply {
  std::optional<UserId> id{};
  Seq seq = 0;
  static constexpr auto fields() {
    return field_list(field("id", &AnyReply::id), field("seq", &AnyReply::seq));
  }
};

}  // namespace chat::protocol::messages
