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

// PROTOCOL.md, section 6: HISTORY.
namespace chat::protocol::messages {

struct History {
  static constexpr Msgid kMsgid = Msgid::kHistory;
  std::optional<UserId> sender{};
  std::optional<UserId> with{};
  std::optional<GroupId> groupid{};
  std::optional<std::int64_t> limit{};
  std::optional<std::string> cursor{};
  static constexpr auto fields() {
    return field_list(sender_field(&History::sender), field("with", &History::with),
                      field("groupid", &History::groupid), field("limit", &History::limit),
                      field("cursor", &History::cursor));
  }
};

// Newest last. `cursor` is present if there are older messages.
struct HistoryReply {
  static constexpr Msgid kMsgid = reply_to(Msgid::kHistory);
  std::vector<AnyChatPush> messages{};
  std::optional<std::string_view> cursor{};
  static constexpr auto fields() {
    return field_list(field("messages", &HistoryReply::messages),
                      field("cursor", &HistoryReply::cursor));
  }
};

}  // namespace chat::protocol::messages
