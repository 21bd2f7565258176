#include "client/terminal/printer/people_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/core/text.h"

namespace chat::client {
namespace {

std::string user_fields(const UserRef& user) {
  if (!user.id && user.name.empty()) return {};
  return fmt::format(" id={} name={}", user.id.value, quote(user.name));
}

std::string group_fields(const GroupRef& group) {
  if (!group.id && group.name.empty()) return {};
  return fmt::format(" group={} groupname={}", group.id.value, quote(group.name));
}

std::string text_field(std::string_view key, const std::string& text) {
  return text.empty() ? "" : fmt::format(" {}={}", key, quote(text));
}

std::string word_field(std::string_view key, const std::string& text) {
  return text.empty() ? "" : fmt::format(" {}={}", key, word(text));
}

std::string person_line(std::string_view kind, const Person& who) {
  std::string out = fmt::format("{} id={} name={}", kind, who.id.value, quote(who.name));
  out += text_field("nick", who.nick) + text_field("bio", who.bio);
  out += text_field("avatar", who.avatar) + word_field("state", who.state);
  if (who.is_friend) out += " friend=true";
  if (who.blocked) out += " blocked=true";
  out += word_field("who_may_add", who.who_may_add);
  out += word_field("who_may_chat", who.who_may_chat);
  return out + '\n';
}

std::string request_line(std::string_view kind, const FriendRequest& each) {
  return fmt::format("{}{} ts={}{}\n", kind, user_fields(each.user), each.ts,
                     text_field("text", each.text));
}

// What only some replies tell of a group.
std::string settings_of(const Group& group) {
  std::string out = word_field("joining", group.joining) + word_field("role", group.role);
  if (group.muted_until > 0) out += fmt::format(" muted_until={}", group.muted_until);
  if (group.dismissed) out += " dismissed=true";
  return out + text_field("announcement", group.announcement);
}

}  // namespace

std::string word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return plain ? text : quote(text);
}

std::string friend_line(std::string_view kind, const Friend& who) {
  return fmt::format("{} id={} name={} state={}\n", kind, who.id.value, quote(who.name),
                     word(who.state));
}

std::string group_lines(std::string_view kind, const Group& group) {
  std::string out =
      fmt::format("{} id={} name={} desc={} members={}{}\n", kind, group.id.value,
                  quote(group.name), quote(group.desc), group.members.size(), settings_of(group));
  for (const Member& each : group.members) {
    out += fmt::format("member group={} id={} name={} state={} role={}", group.id.value,
                       each.id.value, quote(each.name), word(each.state), word(each.role));
    if (each.muted_until > 0) out += fmt::format(" muted_until={}", each.muted_until);
    out += '\n';
  }
  return out;
}

std::string line_of(const event::FriendAdded& e) {
  return friend_line("friend_added", e.added);
}

std::string line_of(const event::GroupCreated& e) {
  return fmt::format("group_created id={} name={}\n", e.id.value, quote(e.name));
}

std::string line_of(const event::GroupJoined& e) {
  return group_lines("group_joined", e.group);
}

std::string line_of(const event::Done& e) {
  std::string out = fmt::format("done command={}", word(e.command));
  out += user_fields(e.user) + group_fields(e.group);
  if (e.until > 0) out += fmt::format(" until={}", e.until);
  return out + '\n';
}

std::string line_of(const event::Requested& e) {
  return "requested" + user_fields(e.user) + group_fields(e.group) + '\n';
}

std::string line_of(const event::InviteCode& e) {
  return fmt::format("invite_code{} code={} expires={}\n", group_fields(e.group), quote(e.code),
                     e.expires);
}

std::string line_of(const event::Profile& e) {
  return person_line(e.changed ? "profile_changed" : "user", e.person);
}

std::string line_of(const event::UsersFound& e) {
  std::string out = fmt::format("users count={} more={}\n", e.users.size(), !e.cursor.empty());
  for (const Person& each : e.users) out += person_line("user", each);
  return out;
}

std::string line_of(const event::GroupsFound& e) {
  std::string out = fmt::format("groups count={} more={}\n", e.groups.size(), !e.cursor.empty());
  for (const Group& each : e.groups) out += group_lines("group", each);
  return out;
}

std::string line_of(const event::GroupShown& e) {
  return group_lines(e.changed ? "group_settings" : "group", e.group);
}

std::string line_of(const event::RequestList& e) {
  std::string out =
      fmt::format("requests count={} sent={} joins={} invitations={}\n", e.requests.size(),
                  e.sent.size(), e.joins.size(), e.invitations.size());
  for (const FriendRequest& each : e.requests) out += request_line("request", each);
  for (const FriendRequest& each : e.sent) out += request_line("sent_request", each);
  for (const JoinRequest& each : e.joins) {
    out += fmt::format("join_request{}{}{}\n", user_fields(each.user), group_fields(each.group),
                       text_field("text", each.text));
  }
  for (const Invitation& each : e.invitations) {
    out += fmt::format("invitation{} by={}\n", group_fields(each.group), each.by.id.value);
  }
  return out;
}

std::string line_of(const event::BlockedList& e) {
  std::string out = fmt::format("blocked count={}\n", e.users.size());
  for (const Person& each : e.users) out += person_line("user", each);
  return out;
}

std::string line_of(const event::Contact& e) {
  return fmt::format("contact id={} name={}{}{}\n", e.id.value, quote(e.name),
                     word_field("event", e.event), text_field("text", e.text));
}

std::string line_of(const event::GroupChanged& e) {
  std::string out = fmt::format("group_changed group={} change={}", e.group.value, word(e.change));
  if (e.id) out += fmt::format(" id={} name={}", e.id.value, quote(e.name));
  if (e.by.id) out += fmt::format(" by={}", e.by.id.value);
  return out + text_field("groupname", e.group_name) + text_field("text", e.text) + '\n';
}

}  // namespace chat::client
