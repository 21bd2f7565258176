// Finding users and groups by the names that were typed: among those known here, else by asking the
// server.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/protocol/messages/list_messages.h"
#include "chat/protocol/messages/profile_messages.h"
#include "client/core/text.h"
#include "client/terminal/roster_pages.h"
#include "client/terminal/terminal_client.h"

namespace chat::client {
namespace {

namespace messages = protocol::messages;

using protocol::Errno;

template <typename Ref>
Event ambiguous(const char* kind, const std::vector<Ref>& refs) {
  std::string ids;
  for (const Ref& each : refs) ids += (ids.empty() ? "#" : ", #") + std::to_string(each.id.value);
  return {event::Usage{fmt::format("{} {}s have the name {}: {}; type the ID instead", refs.size(),
                                   kind, shown_name(refs[0].name), ids)}};
}

Event not_found(std::string_view command, std::string text) {
  constexpr Errno kCode = Errno::kNotFound;
  return {event::Refused{std::string(command),
                         {},
                         static_cast<int>(kCode),
                         std::string(protocol::name_of(kCode)),
                         std::move(text),
                         {}}};
}

// What is known here under a name. `decided`: the server need not be asked.
template <typename Ref>
struct Found {
  std::optional<Ref> ref{};
  bool decided = false;
};

void show_unknown(TerminalClient& client, const std::string& command, const char* kind,
                  const std::string& name) {
  client.show(not_found(command, fmt::format("there is no {} named {}", kind, shown_name(name))));
}

// Those seen with the name. Names are unique: of several, the server knows who has it now.
std::vector<UserRef> seen_with(TerminalClient& client, const std::string& name) {
  auto out = client.session().names().users_named(name);
  if (out.size() > 1) out.clear();
  return out;
}

// What is known under the name: nothing, one, or an ambiguous name, which is reported.
template <typename Ref>
Found<Ref> found_here(TerminalClient& client, const char* kind, std::vector<Ref> own,
                      std::vector<Ref> others) {
  const std::vector<Ref>& refs = own.empty() ? others : own;
  if (refs.empty()) return {};
  if (refs.size() == 1) return {refs[0], true};
  client.show(ambiguous(kind, refs));
  return {std::nullopt, true};
}

// Asks the server, and reports if it has no such user or group.
template <typename Message>
Answer look_up(TerminalClient& client, const std::string& command, const Message& message,
               const char* kind, const std::string& name) {
  if (!client.need_connection() || !client.need_login(command.c_str()))
    return {Answer::Status::kNotSent, {}};
  Answer answer = client.session().request(message, {.command = command, .quiet = true});
  client.expect(command.c_str(), answer);
  const auto* refused = answer.event.as<event::Refused>();
  if (refused == nullptr) return answer;
  if (refused->is(Errno::kNotFound)) {
    show_unknown(client, command, kind, name);
  } else if (refused->is(Errno::kUnknownMsgid)) {
    client.show(not_found(
        command,
        fmt::format("this server cannot look up names: type the ID of {}", shown_name(name))));
  } else {
    client.show(answer.event);
  }
  return answer;
}

// The groups seen with the name, which may be an earlier one of theirs. A search for the ID tells
// the present one, unless the group is joined by invitation only, and so is never found.
std::vector<GroupRef> still_seen_with(TerminalClient& client, const std::string& command,
                                      const std::string& name) {
  const NameBook& names = client.session().names();
  for (const GroupRef& each : names.groups_named(name)) {
    const messages::Find by_id{.kind = "groups", .query = std::to_string(each.id.value)};
    client.session().request(by_id, {.command = command, .quiet = true});
  }
  return names.groups_named(name);
}

// False, and says so, if friends or groups are missing: the name may be that of one of them, too.
bool knows_all(TerminalClient& client) {
  read_all_pages(client.session());
  if (!client.session().roster().missing_page()) return true;
  client.show({event::Usage{
      "your friends and groups are not all known yet: try again soon, or type the ID"}});
  return false;
}

// A person means whoever is known here; for a script the server's users come before own groups, as
// long as names could be those of users only.
std::optional<Target> find_either(TerminalClient& client, const std::string& command,
                                  const command::Recipient& typed) {
  const std::string& name = typed.user.name;
  if (!knows_all(client)) return std::nullopt;
  const auto user = found_here<UserRef>(
      client, "user", named<UserRef>(name, client.session().friends()), seen_with(client, name));
  const auto group =
      found_here<GroupRef>(client, "group", named<GroupRef>(name, client.session().groups()), {});
  if (client.on_terminal() && user.ref && group.ref) {
    client.show({event::Usage{
        fmt::format("{0} is a user and a group: #{1} is the user, group {0} the group",
                    shown_name(name), user.ref->id.value)}});
    return std::nullopt;
  }
  if (user.decided) return user.ref ? std::optional(Target{user.ref->id, {}}) : std::nullopt;
  if (group.decided && client.on_terminal()) {
    return group.ref ? std::optional(Target{{}, group.ref->id}) : std::nullopt;
  }
  if (!client.need_connection() || !client.need_login(command.c_str())) return std::nullopt;
  const Answer answer = client.session().request(messages::UserInfo{.name = name},
                                                 {.command = command, .quiet = true});
  client.expect(command.c_str(), answer);
  if (const auto* profile = answer.event.as<event::Profile>())
    return Target{profile->person.id, {}};
  if (group.ref) return Target{{}, group.ref->id};
  const auto* refused = answer.event.as<event::Refused>();
  if (refused == nullptr) return std::nullopt;
  if (refused->is(Errno::kNotFound)) {
    show_unknown(client, command, client.on_terminal() ? "user, and no group of yours," : "user",
                 name);
  } else {
    client.show(answer.event);
  }
  return std::nullopt;
}

}  // namespace

std::optional<UserRef> TerminalClient::find_user(const std::string& command, const UserRef& typed) {
  if (typed.id) return session_.names().user(typed.id);
  read_all_pages(session_);
  const auto here = found_here<UserRef>(
      *this, "user", named<UserRef>(typed.name, session_.friends()), seen_with(*this, typed.name));
  if (here.decided) return here.ref;
  const Answer answer =
      look_up(*this, command, messages::UserInfo{.name = typed.name}, "user", typed.name);
  const auto* profile = answer.event.as<event::Profile>();
  if (profile == nullptr) return std::nullopt;
  return UserRef{profile->person.id, profile->person.name};
}

// The server finds all groups whose name begins like this, those with the very name first.
std::optional<GroupRef> TerminalClient::find_group(const std::string& command,
                                                   const GroupRef& typed) {
  if (typed.id) return session_.names().group(typed.id);
  read_all_pages(session_);
  const auto here =
      found_here<GroupRef>(*this, "group", named<GroupRef>(typed.name, session_.groups()), {});
  if (here.decided) return here.ref;
  const Answer answer = look_up(
      *this, command, messages::Find{.kind = "groups", .query = typed.name}, "group", typed.name);
  const auto* found = answer.event.as<event::GroupsFound>();
  if (found == nullptr) return std::nullopt;
  auto named_there = named<GroupRef>(typed.name, found->groups);
  if (named_there.empty()) named_there = still_seen_with(*this, command, typed.name);
  const auto there = found_here<GroupRef>(*this, "group", std::move(named_there), {});
  if (!there.decided) show_unknown(*this, command, "group", typed.name);
  return there.ref;
}

std::optional<Target> TerminalClient::find_target(const std::string& command,
                                                  const command::Recipient& typed) {
  if (typed.is_either) return find_either(*this, command, typed);
  if (typed.is_group) {
    const auto group = find_group(command, typed.group);
    return group ? std::optional(Target{{}, group->id}) : std::nullopt;
  }
  const auto user = find_user(command, typed.user);
  return user ? std::optional(Target{user->id, {}}) : std::nullopt;
}

// Friends and own groups first.
KnownRefs TerminalClient::known_refs() const {
  KnownRefs out;
  for (const Friend& each : session_.friends()) out.users.push_back({each.id, each.name});
  for (const Group& each : session_.groups()) out.groups.push_back({each.id, each.name});
  for (UserRef& each : session_.names().users()) out.users.push_back(std::move(each));
  for (GroupRef& each : session_.names().groups()) out.groups.push_back(std::move(each));
  return out;
}

}  // namespace chat::client
