// What the commands about groups do.
#include <string>
#include <utility>

#include "chat/protocol/messages/group_admin_messages.h"
#include "chat/protocol/messages/group_messages.h"
#include "client/core/text.h"
#include "client/terminal/commands/people_command.h"
#include "client/terminal/roster_pages.h"
#include "client/terminal/terminal_client.h"

namespace chat::client::command {
namespace {

namespace messages = protocol::messages;

// The words of the acts, as typed.
const char* word_of(MemberAct act) {
  switch (act) {
    case MemberAct::kInvite: return "invite";
    case MemberAct::kKick: return "kick";
    case MemberAct::kPromote: return "promote";
    case MemberAct::kDemote: return "demote";
    case MemberAct::kHandOver: return "handover";
    case MemberAct::kAcceptJoin: return "accept-join";
    case MemberAct::kRefuseJoin: return "refuse-join";
  }
  return "";
}

const char* word_of(GroupAct act) {
  switch (act) {
    case GroupAct::kLeave: return "leave";
    case GroupAct::kDecline: return "decline";
    case GroupAct::kDismiss: return "dismiss";
  }
  return "";
}

template <typename Message>
void ask(TerminalClient& client, Message message, Question question) {
  const std::string command = question.command;
  client.expect(command.c_str(), client.session().request(std::move(message), std::move(question)));
}

}  // namespace

void CreateGroup::run(TerminalClient& client) const {
  client.expect("creategroup", client.session().create_group(name, desc));
}

void Groups::run(TerminalClient& client) const {
  if (!client.need_login("groups")) return;
  read_all_pages(client.session());
  client.show({event::GroupList{client.session().groups()}});
  const auto missing = client.session().roster().missing_page();
  if (missing && missing->kind == "groups") {
    client.show({event::Usage{"the server has not listed all groups yet: try again soon"}});
  }
}

void JoinGroup::run(TerminalClient& client) const {
  messages::AddGroup message;
  Question question{.command = "join"};
  if (code.empty()) {
    const auto found = client.find_group("join", group);
    if (!found) return;
    message.groupid = found->id;
    question.where = *found;
  } else {
    message.code = code;
  }
  if (!text.empty()) message.text = text;
  ask(client, std::move(message), std::move(question));
}

void OnGroup::run(TerminalClient& client) const {
  const char* const command = word_of(act);
  const auto where = client.find_group(command, group);
  if (!where) return;
  Question question{.command = command, .where = *where};
  switch (act) {
    case GroupAct::kLeave:
      return ask(client, messages::LeaveGroup{.groupid = where->id}, std::move(question));
    case GroupAct::kDecline:
      return ask(client,
                 messages::JoinAnswer{
                     .groupid = where->id, .userid = client.session().self(), .accept = false},
                 std::move(question));
    case GroupAct::kDismiss: break;
  }
  if (!client.confirm("End the group " + shown_name(where->name) + " for all its members?")) return;
  ask(client, messages::DismissGroup{.groupid = where->id}, std::move(question));
}

void OnMember::run(TerminalClient& client) const {
  const char* const command = word_of(act);
  const auto where = client.find_group(command, group);
  const auto who = where ? client.find_user(command, user) : std::nullopt;
  if (!who) return;
  const GroupId in = where->id;
  const UserId id = who->id;
  const auto send = [&](auto message) {
    ask(client, std::move(message), {.command = command, .who = *who, .where = *where});
  };
  const auto give_role = [&](const char* role) {
    send(messages::SetRole{.groupid = in, .userid = id, .role = role});
  };
  switch (act) {
    case MemberAct::kInvite: return send(messages::Invite{.groupid = in, .userid = id});
    case MemberAct::kKick: return send(messages::RemoveMember{.groupid = in, .userid = id});
    case MemberAct::kPromote: return give_role("admin");
    case MemberAct::kDemote: return give_role("normal");
    case MemberAct::kHandOver: return give_role("creator");
    case MemberAct::kAcceptJoin:
      return send(messages::JoinAnswer{.groupid = in, .userid = id, .accept = true});
    case MemberAct::kRefuseJoin:
      return send(messages::JoinAnswer{.groupid = in, .userid = id, .accept = false});
  }
}

void MakeCode::run(TerminalClient& client) const {
  const auto where = client.find_group("invite", group);
  if (!where) return;
  ask(client,
      messages::Invite{.groupid = where->id,
                       .code = messages::CodeTerms{.days = days, .uses = uses}},
      {.command = "invite", .where = *where});
}

void Mute::run(TerminalClient& client) const {
  const char* const command = duration.count() > 0 ? "mute" : "unmute";
  const auto where = client.find_group(command, group);
  if (!where) return;
  messages::Mute message{.groupid = where->id, .seconds = duration.count()};
  Question question{.command = command, .where = *where, .duration = duration};
  if (user) {
    const auto who = client.find_user(command, *user);
    if (!who) return;
    message.userid = who->id;
    question.who = *who;
  }
  ask(client, std::move(message), std::move(question));
}

void EditGroup::run(TerminalClient& client) const {
  const auto where = client.find_group(command, group);
  if (!where) return;
  Question question{.command = command, .where = *where};
  if (field.empty()) {
    return ask(client, messages::GroupInfo{.groupid = where->id}, std::move(question));
  }
  messages::SetGroup message{.groupid = where->id};
  if (field == "name") message.groupname = value;
  if (field == "desc") message.groupdesc = value;
  if (field == "joining") message.joining = value;
  if (field == "announcement") message.announcement = value;
  ask(client, std::move(message), std::move(question));
}

}  // namespace chat::client::command
