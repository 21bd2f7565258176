#include "client/core/wire/request_json.h"

#include <nlohmann/json.hpp>

#include "chat/protocol/messages/chat_messages.h"
#include "chat/protocol/messages/encode.h"
#include "chat/protocol/messages/stream_messages.h"

namespace chat::client::request {
namespace {

using protocol::encode_request;
namespace messages = protocol::messages;

// DELIVERED and READ: without cid, because they have no reply.
template <typename Message>
std::string move_cursor(Target stream, Seq seq) {
  Message message;
  if (stream.group) {
    message.groupid = stream.group;
  } else {
    message.from = stream.user;
  }
  message.seq = seq;
  return encode_request(message);
}

// The fields `reply`, `at` and `at_all` of a chat.
std::string chat_with_extras(std::string_view cid, UserId self, Target target,
                             std::string_view text, const event::MessageExtras& extras) {
  const auto msgid = target.group ? protocol::Msgid::kGroupChat : protocol::Msgid::kOneChat;
  nlohmann::ordered_json out{{"msgid", static_cast<int>(msgid)}, {"id", self.value}};
  if (target.group) {
    out["groupid"] = target.group.value;
  } else {
    out["toid"] = target.user.value;
  }
  out["msg"] = text;
  if (extras.reply && target.group) out["reply"] = extras.reply->seq;
  if (extras.reply && !target.group) {
    out["reply"] = {{"id", extras.reply->id.value}, {"seq", extras.reply->seq}};
  }
  for (const UserId each : extras.at) out["at"].push_back(each.value);
  if (extras.at_all) out["at_all"] = true;
  out["cid"] = cid;
  return out.dump();
}

}  // namespace

messages::Login login(const Credentials& credentials) {
  messages::Login message{.password = credentials.password,
                          .takeover = credentials.takeover,
                          .ack = true,
                          .heartbeat = true};
  if (credentials.account.id) {
    message.id = credentials.account.id;
  } else {
    message.name = credentials.account.name;
  }
  return message;
}

messages::Login login_again(std::string_view token) {
  return {.token = std::string(token), .ack = true, .heartbeat = true};
}

messages::History history(Target target, int limit, std::string_view cursor) {
  messages::History message{.limit = limit};
  if (target.group) {
    message.groupid = target.group;
  } else {
    message.with = target.user;
  }
  if (!cursor.empty()) message.cursor = cursor;
  return message;
}

std::string chat(std::string_view cid, UserId self, Target target, std::string_view text,
                 const event::MessageExtras& extras) {
  if (extras.reply || !extras.at.empty() || extras.at_all) {
    return chat_with_extras(cid, self, target, text, extras);
  }
  if (target.group) {
    return encode_request(
        messages::GroupChat{.sender = self, .groupid = target.group, .msg = std::string(text)},
        cid);
  }
  return encode_request(
      messages::OneChat{.sender = self, .toid = target.user, .msg = std::string(text)}, cid);
}

std::string delivered(Target stream, Seq seq) {
  return move_cursor<messages::Delivered>(stream, seq);
}

std::string read(Target stream, Seq seq) {
  return move_cursor<messages::Read>(stream, seq);
}

}  // namespace chat::client::request
