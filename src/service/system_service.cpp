#include "system_service.h"

#include "chat/protocol/limits.h"
#include "replies.h"

namespace chat::service {
namespace {

std::int64_t number(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

void write_limits(protocol::JsonWriter& json) {
  json.key("limits")
      .begin_object()
      .field("frame_max_bytes_before_login", number(protocol::kFrameMaxBytesBeforeLogin))
      .field("frame_max_bytes", number(protocol::kFrameMaxBytes))
      .field("text_max_code_points", number(protocol::kTextMaxCodePoints))
      .field("name_max_code_points", number(protocol::kNameMaxCodePoints))
      .field("password_min_bytes", number(protocol::kPasswordMinBytes))
      .field("password_max_bytes", number(protocol::kPasswordMaxBytes))
      .field("cid_max_bytes", number(protocol::kCidMaxBytes))
      .field("unacknowledged_per_stream_max", number(protocol::kDirectCidWindow))
      .end_object();
}

}  // namespace

void SystemService::hello(session::Session& session, const protocol::Request& request) {
  OkReply reply(request);
  reply.json()
      .field("server", "chatserver")
      .field("version", std::string_view(context_.options.version))
      .field("node", std::string_view(context_.options.node));
  write_limits(reply.json());
  reply.json().key("features").begin_array();
  for (const char* feature :
       {"cid", "ack", "heartbeat", "takeover", "token", "receipts", "sync", "history", "accounts"})
    reply.json().value(feature);
  reply.json().end_array();
  reply.send(session);
}

void SystemService::ping(session::Session& session, const protocol::Request& request) {
  OkReply reply(request);
  reply.json().field("ts", context_.clock.unix_millis());
  reply.send(session);
}

}  // namespace chat::service
