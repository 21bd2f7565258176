#include <nlohmann/json.hpp>

#include "client/core/text.h"
#include "client/terminal/printer/printer.h"

namespace chat::client {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const Friend& who) {
  return {{"id", who.id.value}, {"name", who.name}, {"state", who.state}};
}

ordered_json json_of(const Member& who) {
  return {{"id", who.id.value}, {"name", who.name}, {"state", who.state}, {"role", who.role}};
}

ordered_json json_of(const Group& group);
ordered_json json_of(const Person& who);
ordered_json json_of(const FriendRequest& each);
ordered_json json_of(const JoinRequest& each);
ordered_json json_of(const Invitation& each);

template <typename T>
ordered_json list_of(const std::vector<T>& items) {
  ordered_json out = ordered_json::array();
  for (const T& each : items) out.push_back(json_of(each));
  return out;
}

ordered_json json_of(const Group& group) {
  return {{"id", group.id.value},
          {"groupname", group.name},
          {"groupdesc", group.desc},
          {"users", list_of(group.members)}};
}

ordered_json json_of(const Person& who) {
  return {{"id", who.id.value}, {"name", who.name}};
}

ordered_json json_of(const FriendRequest& each) {
  ordered_json out{{"id", each.user.id.value}, {"name", each.user.name}, {"ts", each.ts}};
  if (!each.text.empty()) out["text"] = each.text;
  return out;
}

ordered_json json_of(const JoinRequest& each) {
  ordered_json out{{"groupid", each.group.id.value},
                   {"groupname", each.group.name},
                   {"id", each.user.id.value},
                   {"name", each.user.name}};
  if (!each.text.empty()) out["text"] = each.text;
  return out;
}

ordered_json json_of(const Invitation& each) {
  return {
      {"groupid", each.group.id.value}, {"groupname", each.group.name}, {"by", each.by.id.value}};
}

ordered_json with_target(ordered_json object, const Target& target) {
  if (target.group) {
    object["groupid"] = target.group.value;
  } else {
    object["toid"] = target.user.value;
  }
  return object;
}

// The client's own events.
struct LocalJson {
  template <typename T>
  ordered_json operator()(const T&) const {
    return nullptr;
  }
  ordered_json operator()(const event::Connected& e) const {
    ordered_json out{{"event", "connected"}, {"host", e.host}, {"port", e.port}};
    if (!e.tls.empty()) out["tls"] = e.tls;
    return out;
  }
  ordered_json operator()(const event::Current& e) const {
    return with_target({{"event", "current"}}, e.target);
  }
  ordered_json operator()(const event::FriendList& e) const {
    return {{"event", "friends"}, {"friends", list_of(e.friends)}};
  }
  ordered_json operator()(const event::GroupList& e) const {
    return {{"event", "groups"}, {"groups", list_of(e.groups)}};
  }
  ordered_json operator()(const event::RequestList& e) const {
    return {{"event", "requests"},
            {"requests", list_of(e.requests)},
            {"sent_requests", list_of(e.sent)},
            {"joins", list_of(e.joins)},
            {"invitations", list_of(e.invitations)}};
  }
  ordered_json operator()(const event::BlockedList& e) const {
    return {{"event", "blocked"}, {"users", list_of(e.users)}};
  }
  ordered_json operator()(const event::TimedOut& e) const {
    return {{"event", "timeout"}, {"command", e.command}, {"after_ms", e.after.count()}};
  }
  ordered_json operator()(const event::Unanswered& e) const {
    return {{"event", "unanswered"}, {"command", e.command}};
  }
  ordered_json operator()(const event::Queued& e) const {
    return with_target({{"event", "queued"}}, e.target);
  }
  ordered_json operator()(const event::Unsent& e) const {
    return {{"event", "unsent"}, {"count", e.count}};
  }
  ordered_json operator()(const event::Held& e) const {
    return with_target({{"event", "held"}, {"error", e.error}}, e.target);
  }
  ordered_json operator()(const event::Reconnecting& e) const {
    return {{"event", "reconnecting"}, {"after_ms", e.after.count()}, {"reason", e.reason}};
  }
  ordered_json operator()(const event::Refused& e) const {
    return {{"event", "error"},
            {"command", e.command},
            {"errno", e.code},
            {"error", e.error},
            {"errmsg", e.errmsg}};
  }
  ordered_json operator()(const event::Usage& e) const {
    return {{"event", "usage"}, {"errmsg", e.text}};
  }
  ordered_json operator()(const event::Help& e) const {
    return {{"event", "help"}, {"text", e.text}};
  }
  ordered_json operator()(const event::Fault& e) const {
    return {{"event", "fault"}, {"errmsg", e.text}};
  }
  ordered_json operator()(const event::Disconnected& e) const {
    return {{"event", "disconnected"}, {"reason", e.reason}};
  }
};

// The token gives access to the account, so it is never printed.
std::string without_token(const std::string& raw) {
  auto body = ordered_json::parse(raw, nullptr, false);
  body.erase("token");
  return body.dump(-1, ' ', true, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string to_json(const Event& event) {
  if (event.as<event::Pong>()) return {};
  if (event.as<event::LoggedIn>()) return without_token(event.raw);
  if (!event.raw.empty()) return harmless_json(event.raw) + '\n';
  const ordered_json local = std::visit(LocalJson{}, event.what);
  if (local.is_null()) return {};
  return local.dump(-1, ' ', true, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace chat::client
