#include "audit.h"

#include <fmt/chrono.h>

#include <string>

#include "chat/base/log.h"
#include "chat/protocol/json_writer.h"

namespace chat::service {
namespace {

std::string utc(UnixMillis time) {
  constexpr UnixMillis kSecond = 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(time / kSecond), time % kSecond);
}

}  // namespace

void audit(const ServiceContext& context, std::string_view event, const session::Session& session,
           UserId user, GroupId group) {
  if (!log::audit_enabled()) return;
  std::string line;
  protocol::JsonWriter json(line);
  json.begin_object()
      .field("time", std::string_view(utc(context.clock.unix_millis())))
      .field("event", event)
      .field("user", user.value);
  if (group) json.field("group", group.value);
  json.field("address", std::string_view(session.peer().to_string()))
      .field("node", std::string_view(context.options.node))
      .end_object();
  log::audit(line);
}

}  // namespace chat::service
