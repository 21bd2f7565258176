#include "chat/delivery/push_json.h"

#include "chat/protocol/json_writer.h"
#include "chat/protocol/local_time.h"
#include "chat/protocol/msgid.h"

namespace chat::delivery {
namespace {

using protocol::JsonWriter;
using protocol::Msgid;

// What the text, names and numbers of a push take beside the text itself.
constexpr std::size_t kEnvelopeBytes = 200;

template <typename Message>
std::string build(Msgid msgid, const Message& message, std::string_view sender_name,
                  std::string_view target_field, std::int32_t target) {
  std::string json;
  json.reserve(message.body.size() + kEnvelopeBytes);
  JsonWriter(json)
      .begin_object()
      .field("msgid", static_cast<int>(msgid))
      .field("id", message.sender.value)
      .field("name", sender_name)
      .field(target_field, target)
      .field("msg", std::string_view(message.body))
      .field("time", std::string_view(protocol::local_time_text(message.sent_at)))
      .field("ts", message.sent_at)
      .field("seq", message.seq)
      .field("cid", std::string_view(message.cid))
      .end_object();
  return json;
}

}  // namespace

std::string push_json(const storage::DirectMessage& message, std::string_view sender_name) {
  return build(Msgid::kOneChat, message, sender_name, "toid", message.recipient.value);
}

std::string push_json(const storage::GroupMessage& message, std::string_view sender_name) {
  return build(Msgid::kGroupChat, message, sender_name, "groupid", message.group.value);
}

std::string presence_json(UserId user, bool online) {
  std::string json;
  JsonWriter(json)
      .begin_object()
      .field("msgid", static_cast<int>(Msgid::kPresence))
      .field("id", user.value)
      .field("state", online ? "online" : "offline")
      .end_object();
  return json;
}

std::string receipt_json(const Receipt& receipt) {
  const bool group = receipt.target.is_group();
  std::string json;
  JsonWriter(json)
      .begin_object()
      .field("msgid", static_cast<int>(Msgid::kReceipt))
      .field("kind", receipt.kind == ReceiptKind::kRead ? "read" : "delivered")
      .field(group ? "groupid" : "id",
             group ? receipt.target.group().value : receipt.target.sender().value)
      .field("seq", receipt.seq)
      .end_object();
  return json;
}

}  // namespace chat::delivery
