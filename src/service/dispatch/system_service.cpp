#include "service/dispatch/system_service.h"

#include "chat/protocol/limit_table.h"
#include "service/dispatch/replies.h"

namespace chat::service {
namespace {

// What a client may use beyond the original protocol.
constexpr const char* kFeatures[] = {"cid",      "ack",  "heartbeat", "takeover", "token",
                                     "receipts", "sync", "history",   "accounts"};

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
  for (const char* feature : kFeatures) reply.json().value(feature);
  reply.json().end_array();
  reply.send(session);
}

void SystemService::ping(session::Session& session, const protocol::Request& request) {
  OkReply reply(request);
  reply.json().field("ts", context_.clock.unix_millis());
  reply.send(session);
}

}  // namespace chat::service
