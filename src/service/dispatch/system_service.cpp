#include "service/dispatch/system_service.h"

#include "chat/protocol/limit_table.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

using protocol::key_of;

// The features beyond the original protocol.
constexpr const char* kFeatures[] = {"cid",      "ack",  "heartbeat", "takeover", "token",
                                     "receipts", "sync", "history",   "accounts"};

void write_limits(protocol::JsonWriter& json) {
  json.key(key_of(&messages::HelloReply::limits)).begin_object();
  for (const protocol::Limit& limit : protocol::limit_table()) json.field(limit.name, limit.value);
  json.end_object();
}

}  // namespace

void SystemService::hello(session::Session& session, const Received<messages::Hello>& request) {
  using messages::HelloReply;
  OkReply reply(request);
  reply.json()
      .field(key_of(&HelloReply::server), "chatserver")
      .field(key_of(&HelloReply::version), std::string_view(context_.options.version))
      .field(key_of(&HelloReply::node), std::string_view(context_.options.node));
  write_limits(reply.json());
  reply.json().key(key_of(&HelloReply::features));
  protocol::write_value(reply.json(), kFeatures);
  reply.send(session);
}

void SystemService::ping(session::Session& session, const Received<messages::Ping>& request) {
  send_reply(session, request, messages::PingReply{.ts = context_.clock.unix_millis()});
}

}  // namespace chat::service
