#pragma once

#include <string>
#include <string_view>

#include "chat/delivery/stream.h"
#include "chat/delivery/typing.h"
#include "chat/storage/values.h"

// The JSON of pushes (PROTOCOL.md, sections 4 to 6): ONE_CHAT_MSG and GROUP_CHAT_MSG, PRESENCE,
// RECEIPT, TYPING.
namespace chat::delivery {

enum class ReceiptKind { kDelivered, kRead };
// All other members of the group, or the other user, have reached `seq`.
struct Receipt {
  StreamKey target;
  ReceiptKind kind = ReceiptKind::kDelivered;
  Seq seq = 0;
};

std::string push_json(const storage::DirectMessage& message, std::string_view sender_name);
std::string push_json(const storage::GroupMessage& message, std::string_view sender_name);
std::string presence_json(UserId user, bool online);
std::string receipt_json(const Receipt& receipt);
std::string typing_json(const Typing& typing);

}  // namespace chat::delivery
