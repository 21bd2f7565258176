// The implementations of the commands.
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "chat/base/clock.h"
#include "chat/protocol/limits.h"
#include "client/core/code_points.h"
#include "client/terminal/command.h"
#include "client/terminal/terminal_client.h"

namespace chat::client::command {

void Register::run(TerminalClient& client) const {
  const auto given = password ? password : client.new_password();
  if (given && client.need_connection()) {
    client.expect("register", client.session().register_user(name, *given));
  }
}

void Login::run(TerminalClient& client) const {
  const auto given = password ? password : client.ask_password("Password: ");
  if (given && client.need_connection()) {
    client.expect("login", client.session().login({account, *given, takeover}));
  }
}

void Logout::run(TerminalClient& client) const {
  client.expect("logout", client.session().logout());
}

void AddFriend::run(TerminalClient& client) const {
  client.expect("add", client.session().add_friend(id));
}

void Friends::run(TerminalClient& client) const {
  if (client.need_login("friends")) client.show({event::FriendList{client.session().friends()}});
}

void CreateGroup::run(TerminalClient& client) const {
  client.expect("creategroup", client.session().create_group(name, desc));
}

void JoinGroup::run(TerminalClient& client) const {
  client.expect("join", client.session().join_group(id));
}

void Groups::run(TerminalClient& client) const {
  if (client.need_login("groups")) client.show({event::GroupList{client.session().groups()}});
}

void Chat::run(TerminalClient& client) const {
  const std::size_t length = to_code_points(text).size();
  // A script gets the server's refusal; a person can recall the line and shorten it.
  if (client.on_terminal() && length > protocol::kTextMaxCodePoints) {
    return client.show(
        {event::Usage{fmt::format("not sent: the text has {} characters, and a message at most {}",
                                  length, protocol::kTextMaxCodePoints)}});
  }
  client.session().chat(target, text);
}

void Wait::run(TerminalClient& client) const {
  const auto until = base::system_clock().now() + duration;
  while (client.pause(until)) {
  }
}

void WaitMessages::run(TerminalClient& client) const {
  const auto deadline = base::system_clock().now() + timeout;
  if (client.take_messages(count, deadline)) return;
  // The end of the connection is reported separately.
  if (!client.ending()) client.show({event::TimedOut{"wait-messages", timeout}});
}

void Password::run(TerminalClient& client) const {
  if (!client.need_login("password")) return;
  const auto password = client.ask_password("Password: ");
  const auto chosen = password ? client.new_password() : std::nullopt;
  if (chosen && client.need_connection()) {
    client.expect("password", client.session().change_password(*password, *chosen));
  }
}

void DeleteAccount::run(TerminalClient& client) const {
  if (!client.need_login("deleteaccount")) return;
  const auto password = client.ask_password("Password, to delete this account for good: ");
  if (password && client.need_connection()) {
    client.expect("deleteaccount", client.session().delete_account(*password));
  }
}

void Sessions::run(TerminalClient& client) const {
  client.expect("sessions", client.session().sessions());
}

void Revoke::run(TerminalClient& client) const {
  client.expect("revoke", client.session().revoke_session(session));
}

namespace {

void show_page(TerminalClient& client, const char* command) {
  auto& view = client.history_view();
  const Answer answer = client.session().history(view.of, view.limit, view.cursor);
  client.expect(command, answer);
  if (const auto* page = answer.event.as<event::History>()) view.cursor = page->cursor;
}

}  // namespace

void History::run(TerminalClient& client) const {
  if (!client.need_login("history")) return;
  client.history_view() = {target, limit, ""};
  show_page(client, "history");
}

void More::run(TerminalClient& client) const {
  if (!client.need_login("more")) return;
  if (client.history_view().cursor.empty()) {
    return client.show({event::Usage{"there are no more messages to show"}});
  }
  show_page(client, "more");
}

void Help::run(TerminalClient& client) const {
  client.show({event::Help{command_help()}});
}

void Quit::run(TerminalClient& client) const {
  client.quit();
}

}  // namespace chat::client::command
