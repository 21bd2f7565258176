#include "chat/delivery/push_json.h"

#include <string>

#include "chat/protocol/local_time.h"
#include "chat/protocol/messages/chat_pushes.h"
#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/stream_messages.h"
#include "chat/protocol/messages/typing_messages.h"

namespace chat::delivery {
namespace {

namespace messages = protocol::messages;

// The size of a push without its text.
constexpr std::size_t kEnvelopeBytes = 200;

// Adds the kind and the further fields: both texts are flat objects without a common field.
template <typename Message>
void add_fields(std::string& json, const Message& message) {
  json.pop_back();
  if (!message.kind.empty()) json.append(",\"kind\":\"").append(message.kind).append("\"");
  if (message.extra.size() > 2) json.append(",").append(message.extra, 1, message.extra.size() - 2);
  json.push_back('}');
}

// `push` has the target set.
template <typename Push, typename Message>
std::string build(Push push, const Message& message, std::string_view sender_name) {
  const std::string time = protocol::local_time_text(message.sent_at);
  push.sender = message.sender;
  push.name = sender_name;
  push.msg = message.body;
  push.time = time;
  push.ts = message.sent_at;
  push.seq = message.seq;
  push.cid = message.cid;
  std::string json;
  json.reserve(message.body.size() + message.extra.size() + kEnvelopeBytes);
  protocol::append_push(json, push);
  if (!message.kind.empty() || !message.extra.empty()) add_fields(json, message);
  return json;
}

}  // namespace

std::string push_json(const storage::DirectMessage& message, std::string_view sender_name) {
  messages::OneChatPush push;
  push.toid = message.recipient;
  return build(push, message, sender_name);
}

std::string push_json(const storage::GroupMessage& message, std::string_view sender_name) {
  messages::GroupChatPush push;
  push.groupid = message.group;
  return build(push, message, sender_name);
}

std::string presence_json(UserId user, bool online) {
  return protocol::encode_push(
      messages::PresencePush{.id = user, .state = online ? "online" : "offline"});
}

std::string receipt_json(const Receipt& receipt) {
  messages::ReceiptPush push{.kind = receipt.kind == ReceiptKind::kRead ? "read" : "delivered",
                             .seq = receipt.seq};
  if (receipt.target.is_group()) {
    push.groupid = receipt.target.group();
  } else {
    push.user = receipt.target.sender();
  }
  return protocol::encode_push(push);
}

std::string typing_json(const Typing& typing) {
  messages::TypingPush push{.id = typing.from, .on = typing.on};
  if (typing.group) {
    push.groupid = typing.group;
  } else {
    push.toid = typing.user;
  }
  return protocol::encode_push(push);
}

}  // namespace chat::delivery
