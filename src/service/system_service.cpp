#include "system_service.h"

#include "chat/protocol/limit_table.h"
#include "replies.h"

namespace chat::service {
namespace {

void write_limits(protocol::JsonWriter& json) {
  json.key("limits").begin_object();
  for (const protocol::Limit& limit : protocol::limit_table()) json.field(limit.name, limit.value);
  json.end_object();
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
