// What the commands about people do.
#include <string>
#include <utility>

#include "chat/protocol/messages/contact_messages.h"
#include "chat/protocol/messages/list_messages.h"
#include "chat/protocol/messages/profile_messages.h"
#include "client/terminal/commands/people_command.h"
#include "client/terminal/roster_pages.h"
#include "client/terminal/terminal_client.h"

namespace chat::client::command {
namespace {

namespace messages = protocol::messages;

// The words of the acts, as typed.
const char* word_of(UserAct act) {
  switch (act) {
    case UserAct::kInfo: return "info";
    case UserAct::kAdd: return "add";
    case UserAct::kAccept: return "accept";
    case UserAct::kRefuse: return "refuse";
    case UserAct::kRemove: return "remove";
    case UserAct::kBlock: return "block";
    case UserAct::kUnblock: return "unblock";
  }
  return "";
}

messages::AddFriend add_friend(UserId user, const std::string& text) {
  messages::AddFriend out{.friendid = user};
  if (!text.empty()) out.text = text;
  return out;
}

// Reads a list of LIST page by page; false if a page was refused or is missing. `quiet`: without
// reporting that, because older servers do not have the list.
template <typename Take>
bool read_list(TerminalClient& client, const char* command, const char* kind, Take take,
               bool quiet = false) {
  constexpr int kPagesMost = 100;
  messages::List list{.kind = kind};
  for (int page = 0; page < kPagesMost; ++page) {
    const Answer answer = client.session().request(list, {.command = command, .quiet = true});
    client.expect(command, answer);
    if (answer.status == Answer::Status::kRefused && !quiet) client.show(answer.event);
    const auto* found = answer.event.as<event::ListPage>();
    if (found == nullptr) return false;
    take(*found);
    if (found->cursor.empty()) break;
    list.cursor = found->cursor;
  }
  return true;
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& items) {
  to.insert(to.end(), items.begin(), items.end());
}

// What others ask of the user in groups: from the server, or as far as it was pushed.
void read_group_requests(TerminalClient& client, event::RequestList& out) {
  const auto take = [&out](const event::ListPage& page) {
    append(out.joins, page.joins);
    append(out.invitations, page.invitations);
  };
  const GroupRequests& pushed = client.session().group_requests();
  if (!read_list(client, "requests", "join_requests", take, true)) out.joins = pushed.joins();
  if (!read_list(client, "requests", "invitations", take, true)) {
    out.invitations = pushed.invitations();
  }
}

}  // namespace

void Find::run(TerminalClient& client) const {
  const char* const command = groups ? "find-groups" : "find";
  if (!client.need_login(command)) return;
  messages::Find request{.kind = groups ? "groups" : "users", .query = query};
  Question question{.name = query, .command = command};
  client.show_pages(command, [&session = client.session(), request = std::move(request),
                              question = std::move(question)](const std::string& cursor) mutable {
    if (!cursor.empty()) request.cursor = cursor;
    return session.request(request, question);
  });
}

void OnUser::run(TerminalClient& client) const {
  const char* const command = word_of(act);
  const auto who = client.find_user(command, user);
  if (!who) return;
  const UserId id = who->id;
  const auto ask = [&](auto message, bool needs_user = false) {
    client.expect(command, client.session().request(
                               std::move(message),
                               {.command = command, .who = *who, .needs_user = needs_user}));
  };
  switch (act) {
    case UserAct::kInfo: return ask(messages::UserInfo{.userid = id}, true);
    case UserAct::kAdd: return ask(add_friend(id, text), true);
    case UserAct::kAccept: return ask(messages::FriendAnswer{.userid = id, .accept = true});
    case UserAct::kRefuse: return ask(messages::FriendAnswer{.userid = id, .accept = false});
    case UserAct::kRemove: return ask(messages::RemoveFriend{.friendid = id}, true);
    case UserAct::kBlock: return ask(messages::Block{.userid = id, .blocked = true}, true);
    case UserAct::kUnblock: return ask(messages::Block{.userid = id, .blocked = false});
  }
}

void EditProfile::run(TerminalClient& client) const {
  if (!client.need_login("profile")) return;
  ClientSession& session = client.session();
  if (field.empty()) {
    client.expect("profile", session.request(messages::UserInfo{.userid = session.self()},
                                             {.command = "profile"}));
    return;
  }
  messages::SetProfile message;
  if (field == "nick") message.nick = value;
  if (field == "bio") message.bio = value;
  if (field == "who-may-add") message.who_may_add = value;
  if (field == "who-may-chat") message.who_may_chat = value;
  client.expect("profile",
                session.request(std::move(message), {.name = field, .command = "profile"}));
}

void Friends::run(TerminalClient& client) const {
  if (!client.need_login("friends")) return;
  read_all_pages(client.session());
  client.show({event::FriendList{client.session().friends()}});
  if (client.session().roster().missing_page()) {
    client.show({event::Usage{"the server has not listed all friends yet: try again soon"}});
  }
}

void Requests::run(TerminalClient& client) const {
  if (!client.need_login("requests")) return;
  event::RequestList out;
  const auto take = [&out](const event::ListPage& page) {
    append(out.requests, page.requests);
    append(out.sent, page.sent);
  };
  if (!read_list(client, "requests", "requests", take)) return;
  if (!read_list(client, "requests", "sent_requests", take)) return;
  read_group_requests(client, out);
  client.show({std::move(out)});
}

void show_waiting_requests(TerminalClient& client) {
  event::RequestList out;
  const auto take = [&out](const event::ListPage& page) { append(out.requests, page.requests); };
  read_list(client, "requests", "requests", take, true);
  read_group_requests(client, out);
  if (out.requests.empty() && out.joins.empty() && out.invitations.empty()) return;
  client.show({std::move(out)});
}

void Blocked::run(TerminalClient& client) const {
  if (!client.need_login("blocked")) return;
  event::BlockedList out;
  const auto take = [&out](const event::ListPage& page) { append(out.users, page.blocked); };
  if (read_list(client, "blocked", "blocked", take)) client.show({std::move(out)});
}

}  // namespace chat::client::command
