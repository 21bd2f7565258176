// What the commands about accounts and messages do.
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "chat/base/clock.h"
#include "chat/protocol/limits.h"
#include "chat/protocol/messages/account_messages.h"
#include "chat/protocol/messages/profile_messages.h"
#include "client/core/code_points.h"
#include "client/terminal/commands/command.h"
#include "client/terminal/commands/command_parser.h"
#include "client/terminal/commands/help_text.h"
#include "client/terminal/commands/people_command.h"
#include "client/terminal/editor/line_view.h"
#include "client/terminal/terminal_client.h"

namespace chat::client::command {

namespace messages = protocol::messages;
using protocol::Errno;

namespace {

// While the client is reconnecting, what is known suffices.
bool may_choose(TerminalClient& client) {
  const ClientSession& session = client.session();
  if (!session.connected() && session.can_resume()) return true;
  return client.need_connection() && client.need_login("to");
}

// The account with this ID may not exist, or no longer. The answer also tells the name.
Answer look_up(TerminalClient& client, UserId user) {
  Answer answer = client.session().request(
      messages::UserInfo{.userid = user},
      {.command = "to", .who = {user, ""}, .quiet = true, .needs_user = true});
  client.expect("to", answer);
  return answer;
}

// The conversation that /to names. Nothing: reported.
std::optional<Target> existing_target(TerminalClient& client, const Recipient& to) {
  const auto target = client.find_target("to", to);
  if (!target || !target->user || !client.on_terminal()) return target;
  if (!client.session().connected()) return target;
  const Answer answer = look_up(client, target->user);
  const auto* refused = answer.event.as<event::Refused>();
  if (refused == nullptr || refused->is(Errno::kUnknownMsgid)) return target;
  // The name was that of a deleted account, and may have a new owner.
  if (refused->is(Errno::kNotFound) && !to.user.id) return client.find_target("to", to);
  // What a deleted account has written can still be read.
  if (refused->is(Errno::kNotFound) && client.reads().hidden(*target) > 0) return target;
  client.show(answer.event);
  return std::nullopt;
}

}  // namespace

void Register::run(TerminalClient& client) const {
  const auto given = password ? password : client.new_password();
  if (!given || !client.need_connection()) return;
  const Answer answer = client.session().register_user(name, *given, invite);
  client.expect("register", answer);
  if (!answer.ok() || !client.on_terminal() || client.session().logged_in()) return;
  Login{{{}, name}, given}.run(client);
}

void Login::run(TerminalClient& client) const {
  const auto given = password ? password : client.ask_password("Password: ");
  if (!given || !client.need_connection()) return;
  const Answer answer = client.session().login({account, *given, takeover});
  client.expect("login", answer);
  if (!answer.ok() || !client.on_terminal()) return;
  client.set_current(std::nullopt);  // it may be somebody else's
  client.greet_after_login();
}

void Logout::run(TerminalClient& client) const {
  const Answer answer = client.session().logout();
  client.expect("logout", answer);
  // The next user would write there.
  if (answer.ok() && client.on_terminal()) client.set_current(std::nullopt);
}

void Chat::run(TerminalClient& client) const {
  const auto target = client.find_target(to.is_group ? "group" : "chat", to);
  if (!target) return;
  client.write(*target, text, {});
}

void To::run(TerminalClient& client) const {
  if (ends) return client.set_current(std::nullopt);
  if (!to) return client.show_current();
  // Plain lines must not go to the conversation before, unnoticed.
  const auto target = may_choose(client) ? existing_target(client, *to) : std::nullopt;
  client.set_current(target);
  if (!client.on_terminal() || !client.session().connected()) return;
  if (target) show_conversation(client, *target);
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
    client.expect("password",
                  client.session().request(
                      messages::ChangePassword{.password = *password, .new_password = *chosen},
                      {.command = "password"}));
  }
}

void DeleteAccount::run(TerminalClient& client) const {
  if (!client.need_login("deleteaccount")) return;
  const auto password = client.ask_password("Password, to delete this account for good: ");
  if (!password || !client.need_connection()) return;
  const Answer answer = client.session().request(messages::DeleteAccount{.password = *password},
                                                 {.command = "deleteaccount"});
  client.expect("deleteaccount", answer);
  if (answer.ok() && client.on_terminal()) client.set_current(std::nullopt);
}

void Sessions::run(TerminalClient& client) const {
  client.expect("sessions",
                client.session().request(messages::Sessions{}, {.command = "sessions"}));
}

void Revoke::run(TerminalClient& client) const {
  messages::RevokeSession message;
  if (session.empty()) {
    message.others = true;
  } else {
    message.session = session;
  }
  client.expect("revoke", client.session().request(std::move(message), {.command = "revoke"}));
}

// A script gets the whole list.
void Help::run(TerminalClient& client) const {
  if (!client.on_terminal()) {
    if (about.empty() || about == "all") return client.show({event::Help{command_help()}});
    return client.show({event::Usage{"/help has no topics in scripts; /help all lists all"}});
  }
  const auto text = help_on(about);
  if (!text) {
    return client.show({event::Usage{"no such command or topic; /help all lists all commands"}});
  }
  client.show({event::Help{fit_help(*text, terminal_size().columns)}});
}

void Quit::run(TerminalClient& client) const {
  client.quit();
}

}  // namespace chat::client::command
