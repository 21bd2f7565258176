#include "client/terminal/printer/people_sentences.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>

#include "client/core/text.h"

namespace chat::client {
namespace {

std::string user_of(const UserRef& user, const PeopleStyle& style) {
  return style.plain("user", user.name, user.id);
}

std::string group_of(const GroupRef& group, const PeopleStyle& style) {
  return style.plain("group", group.name, group.id);
}

// Unless it is quoted, a command takes it for something else: "/to -", "/to group tea".
bool is_word_of_commands(const std::string& name) {
  return name == "group" || name.starts_with('-');
}

// As it can be typed: the name if it is shown as it is, else the id.
template <typename Id>
std::string typed(const std::string& name, Id id) {
  if (is_word_of_commands(name) && shown_name(name) == name) return '"' + name + '"';
  const std::string shown = shown_name(name);
  const bool plain = shown == name || shown == '"' + name + '"';
  return plain && !name.empty() ? shown : std::to_string(id.value);
}

// The text of a request, on lines of its own, so that it cannot pretend to be ours.
std::string text_below(const std::string& text) {
  return text.empty() ? "" : harmless_text('\n' + text);
}

std::string count_of(const std::vector<Member>& members) {
  return members.size() == 1 ? "1 member" : fmt::format("{} members", members.size());
}

// The sentences of Done, by command: {user}, {group} and {until} are replaced.
struct DoneRow {
  std::string_view command;
  bool of_user = true;  // the row for acts on a user; of two rows, the other is on all
  std::string_view sentence;
};
constexpr DoneRow kDone[] = {
    {"accept", true, "You and {user} are friends now."},
    {"refuse", true, "You refused the friend request of {user}."},
    {"remove", true, "{user} is no longer your friend."},
    {"block", true, "You blocked {user}: no more messages or requests from them."},
    {"unblock", true, "{user} is no longer blocked."},
    {"leave", false, "You left {group}."},
    {"dismiss", false, "You dismissed {group}. Its messages stay readable."},
    {"decline", false, "You declined the invitation to {group}."},
    {"invite", true, "You invited {user} to {group}."},
    {"kick", true, "You removed {user} from {group}."},
    {"promote", true, "{user} is now an admin of {group}."},
    {"demote", true, "{user} is no longer an admin of {group}."},
    {"handover", true, "{user} is now the owner of {group}, and you are an admin."},
    {"accept-join", true, "You let {user} into {group}."},
    {"refuse-join", true, "You refused the request of {user} to join {group}."},
    {"recall", true, "Recalled."},
    {"edit", true, "Edited."},
    {"pin", true, "The conversation with {user} stays at the top of its inbox page."},
    {"pin", false, "{group} stays at the top of its inbox page."},
    {"unpin", true, "The conversation with {user} no longer stays at the top."},
    {"unpin", false, "{group} no longer stays at the top."},
    {"silence", true, "No bell for messages of {user}."},
    {"silence", false, "No bell for messages in {group}, except for mentions."},
    {"unsilence", true, "Messages of {user} ring again."},
    {"unsilence", false, "Messages in {group} ring again."},
    {"hide", true, "The conversation with {user} is not in the inbox until the next message."},
    {"hide", false, "{group} is not in the inbox until the next message."},
    {"mute", true, "{user} may not write in {group} until {until}."},
    {"mute", false, "Only admins may write in {group} until {until}."},
    {"unmute", true, "{user} may write in {group} again."},
    {"unmute", false, "Everybody may write in {group} again."},
};

std::string person_row(const Person& who, const PeopleStyle& style) {
  std::string out = fmt::format("  {:>6}  {}", who.id.value, style.person(who.id, who.name));
  if (!who.nick.empty()) out += "  " + shown_name(who.nick);
  if (!who.state.empty()) out += "  " + style.state(who.state);
  if (who.is_friend) out += "  friend";
  if (who.blocked) out += "  blocked";
  return out + '\n';
}

std::string request_row(const FriendRequest& each, const PeopleStyle& style) {
  return fmt::format("  {:>6}  {}  {}{}\n", each.user.id.value,
                     style.person(each.user.id, each.user.name),
                     style.faint(date_and_time(each.ts)), text_below(each.text));
}

std::string page_end(const std::string& cursor, const PeopleStyle& style) {
  return cursor.empty() ? "" : style.dim("/more shows more.");
}

std::string joining_text(const std::string& joining) {
  if (joining == "open") return "open to everybody";
  if (joining == "approval") return "an admin has to accept";
  if (joining == "invite") return "by invitation only";
  return harmless(joining);
}

// A push about a change in a group that the reader is a member of.
std::string change_of_member(const event::GroupChanged& e, const PeopleStyle& style) {
  const std::string group = style.plain("group", e.group_name, e.group);
  const bool me = e.id && e.id == e.self;
  const std::string who = me ? "You" : e.id ? style.known("user", e.name, e.id) : "";
  const std::string by = e.by.id && e.by.id != e.id ? " by " + user_of(e.by, style) : "";
  const std::string was = me ? "were" : "was";
  if (e.change == "joined") return fmt::format("{} joined {}.\n", who, group);
  if (e.change == "left") return fmt::format("{} left {}.\n", who, group);
  if (e.change == "removed") {
    return fmt::format("{} {} removed from {}{}.\n", who.empty() ? "You" : who,
                       who.empty() ? "were" : was, group, by);
  }
  if (e.change == "role") return fmt::format("{} got another role in {}{}.\n", who, group, by);
  if (e.change == "muted") {
    if (who.empty()) return fmt::format("Only admins may write in {} now.\n", group);
    return fmt::format("{} may not write in {} for now{}.\n", who, group, by);
  }
  if (e.change == "unmuted") {
    return fmt::format("{} may write in {} again.\n", who.empty() ? "Everybody" : who, group);
  }
  if (e.change == "settings") return fmt::format("The settings of {} were changed{}.\n", group, by);
  if (e.change == "dismissed") return fmt::format("{} was dismissed{}.\n", group, by);
  return fmt::format("{}: {}{}{}.\n", group, who, who.empty() ? "" : " ", harmless(e.change));
}

}  // namespace

std::string date_and_time(UnixMillis time) {
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(static_cast<std::time_t>(time / 1000)));
}

std::string friend_row(const Friend& who, const PeopleStyle& style) {
  return fmt::format("  {:>6}  {}  {}\n", who.id.value, style.person(who.id, who.name),
                     style.state(who.state));
}

std::string group_row(const Group& group, const PeopleStyle& style) {
  std::string out = fmt::format("  {:>6}  {}  {}{}", group.id.value, style.name(group.name),
                                harmless(group.desc), group.dismissed ? "  (dismissed)" : "");
  if (!group.members.empty()) out += style.faint("  " + count_of(group.members));
  return out + '\n';
}

std::string sentence(const event::FriendAdded& e, const PeopleStyle& style) {
  const std::string who = style.known("user", e.added.name, e.added.id);
  if (e.accepted) return fmt::format("You and {} are friends now.\n", who);
  return fmt::format("Added {}, who is {}.\n", who, style.state(e.added.state));
}

std::string sentence(const event::GroupCreated& e, const PeopleStyle& style) {
  const std::string name = typed(e.name, e.id);
  return fmt::format("Group {} created: its id is {}. /invite {} NAME, /to {}\n",
                     style.name(e.name), e.id.value, name, name);
}

std::string sentence(const event::GroupJoined& e, const PeopleStyle& style) {
  const Group& group = e.group;
  const std::string count = group.members.empty() ? "" : ": " + count_of(group.members);
  return fmt::format("Joined {}{}. /to {}\n", style.known("group", group.name, group.id), count,
                     typed(group.name, group.id));
}

std::string sentence(const event::Done& e, const PeopleStyle& style) {
  for (const DoneRow& row : kDone) {
    if (row.command != e.command || row.of_user != (e.user.id || !e.user.name.empty())) continue;
    return fmt::format(fmt::runtime(row.sentence), fmt::arg("user", user_of(e.user, style)),
                       fmt::arg("group", group_of(e.group, style)),
                       fmt::arg("until", date_and_time(e.until))) +
           '\n';
  }
  return fmt::format("/{}: done.\n", harmless(e.command));
}

std::string sentence(const event::Requested& e, const PeopleStyle& style) {
  if (!e.user.id) {
    const bool known = e.group.id || !e.group.name.empty();
    return fmt::format("You asked to join {}; an admin has to accept.\n",
                       known ? group_of(e.group, style) : "the group");
  }
  return fmt::format("You asked {} to be your friend; they have to accept.\n",
                     user_of(e.user, style));
}

std::string sentence(const event::InviteCode& e, const PeopleStyle& style) {
  const std::string until = e.expires > 0 ? ", until " + date_and_time(e.expires) : "";
  return fmt::format("Whoever has this code can join {}{}:\n  /join --code {}\n",
                     group_of(e.group, style), until, harmless(e.code));
}

std::string sentence(const event::Profile& e, const PeopleStyle& style) {
  const Person& who = e.person;
  std::string out = e.changed ? "Your profile is now:\n" : "";
  out += person_row(who, style);
  if (!who.bio.empty()) out += fmt::format("          {}\n", harmless_text(who.bio));
  if (!who.avatar.empty()) out += fmt::format("          picture: {}\n", harmless(who.avatar));
  if (!who.who_may_add.empty()) {
    out += fmt::format("          who-may-add {}, who-may-chat {}\n", harmless(who.who_may_add),
                       harmless(who.who_may_chat));
  }
  return out;
}

std::string sentence(const event::UsersFound& e, const PeopleStyle& style) {
  if (e.users.empty()) return style.dim("Nobody found.");
  std::string out;
  for (const Person& each : e.users) out += person_row(each, style);
  return out + page_end(e.cursor, style);
}

std::string sentence(const event::GroupsFound& e, const PeopleStyle& style) {
  if (e.groups.empty()) return style.dim("No group found.");
  std::string out;
  for (const Group& each : e.groups) {
    out += fmt::format("  {:>6}  {}  {}  {}\n", each.id.value, style.name(each.name),
                       harmless(each.desc), style.faint(joining_text(each.joining)));
  }
  return out + page_end(e.cursor, style);
}

std::string sentence(const event::GroupShown& e, const PeopleStyle& style) {
  const Group& group = e.group;
  std::string out = e.changed ? "The group's settings are now:\n" : "";
  out += fmt::format("  {:>6}  {}  {}{}\n", group.id.value, style.name(group.name),
                     harmless(group.desc), group.dismissed ? "  (dismissed)" : "");
  if (!group.joining.empty()) out += "          joining: " + joining_text(group.joining) + '\n';
  if (!group.role.empty()) out += "          your role: " + harmless(group.role) + '\n';
  if (group.muted_until > 0) {
    out += "          only admins may write until " + date_and_time(group.muted_until) + '\n';
  }
  if (!group.announcement.empty()) {
    out += "          announcement: " + harmless_text(group.announcement) + '\n';
  }
  for (const Member& each : group.members) {
    const std::string muted =
        each.muted_until > 0 ? "  muted until " + date_and_time(each.muted_until) : "";
    out += fmt::format("          {:>6}  {}  {}  {}{}\n", each.id.value,
                       style.person(each.id, each.name), style.state(each.state),
                       harmless(each.role), muted);
  }
  return out;
}

std::string sentence(const event::RequestList& e, const PeopleStyle& style) {
  std::string out;
  if (!e.requests.empty()) out += "Friend requests to you (/accept NAME, /refuse NAME):\n";
  for (const FriendRequest& each : e.requests) out += request_row(each, style);
  if (!e.sent.empty()) out += "Your friend requests:\n";
  for (const FriendRequest& each : e.sent) out += request_row(each, style);
  if (!e.joins.empty()) out += "Requests to join (/accept-join GROUP NAME, /refuse-join):\n";
  for (const JoinRequest& each : e.joins) {
    out += fmt::format("  {:>6}  {} to {}{}\n", each.user.id.value, user_of(each.user, style),
                       group_of(each.group, style), text_below(each.text));
  }
  if (!e.invitations.empty()) out += "Invitations to you (/join GROUP, /decline GROUP):\n";
  for (const Invitation& each : e.invitations) {
    const std::string by = each.by.id ? " by " + user_of(each.by, style) : "";
    out += fmt::format("  {:>6}  {}{}\n", each.group.id.value, group_of(each.group, style), by);
  }
  return out.empty() ? style.dim("No requests.") : out;
}

std::string sentence(const event::BlockedList& e, const PeopleStyle& style) {
  if (e.users.empty()) return style.dim("You have blocked nobody.");
  std::string out = "You have blocked:\n";
  for (const Person& each : e.users) {
    out += fmt::format("  {:>6}  {}\n", each.id.value, style.person(each.id, each.name));
  }
  return out;
}

std::string sentence(const event::Contact& e, const PeopleStyle& style) {
  const std::string who = style.known("user", e.name, e.id);
  const std::string name = typed(e.name, e.id);
  if (e.event == "request") {
    return fmt::format("{} asks to be your friend. /accept {} or /refuse {}.{}\n", who, name, name,
                       text_below(e.text));
  }
  if (e.event == "accepted") return fmt::format("{} accepted your friend request.\n", who);
  if (e.event == "removed") return fmt::format("{} ended the friendship with you.\n", who);
  const std::string hint = e.stranger ? fmt::format(" /add {} to add them.", name) : "";
  return fmt::format("{} added you as a friend.{}\n", who, hint);
}

std::string sentence(const event::GroupChanged& e, const PeopleStyle& style) {
  const std::string group = style.plain("group", e.group_name, e.group);
  const std::string group_name = typed(e.group_name, e.group);
  if (e.repeat) return {};
  if (e.change == "invited") {
    const std::string by =
        e.by.id ? style.known("user", e.by.name, e.by.id) + " invites you" : "You are invited";
    return fmt::format("{} to the group {}. /join {} to accept.\n", by,
                       style.known("group", e.group_name, e.group), group_name);
  }
  if (e.change == "request") {
    const std::string name = typed(e.name, e.id);
    return fmt::format("{} asks to join {}. /accept-join {} {} or /refuse-join {} {}.{}\n",
                       style.known("user", e.name, e.id), group, group_name, name, group_name, name,
                       text_below(e.text));
  }
  if (e.change == "accepted") {
    const std::string by = e.by.id ? user_of(e.by, style) + " let you into " : "You were let into ";
    return by + group + ".\n";
  }
  return change_of_member(e, style);
}

}  // namespace chat::client
