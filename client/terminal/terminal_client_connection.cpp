// Connecting, keeping the connection alive, and reconnecting.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "chat/base/clock.h"
#include "chat/protocol/messages/group_messages.h"
#include "client/core/text.h"
#include "client/terminal/commands/command_text.h"
#include "client/terminal/commands/people_command.h"
#include "client/terminal/roster_pages.h"
#include "client/terminal/terminal_client.h"

namespace chat::client {
namespace {

// The server drops a client with heartbeat that is silent for 75 s.
constexpr std::chrono::seconds kPingInterval{30};

// The longest reconnection delay accepted from a server.
constexpr std::chrono::minutes kLongestAbsence{5};

constexpr const char* kNoConnection = "there is no connection now; the client is reconnecting";

}  // namespace

// A full server tells when to try again.
bool TerminalClient::connect() {
  for (;;) {
    const auto opened = session_.open(options_.host, options_.port, tls_.get());
    if (opened) {
      next_ping_ = base::system_clock().now() + kPingInterval;
      return true;
    }
    if (const auto farewell = session_.farewell(); farewell && reconnects_) {
      note({*farewell});
      if (may_return_) {
        come_back_later(opened.error().message);
        if (!reader_.pause(std::chrono::ceil<std::chrono::milliseconds>(
                *next_try_ - base::system_clock().now()))) {
          return false;
        }
        next_try_.reset();
        continue;
      }
    }
    show({event::Disconnected{fmt::format("cannot connect to {} port {}: {}", options_.host,
                                          options_.port, opened.error().message)}});
    const bool fault = opened.error().code == ErrorCode::kInternal;
    ending_ = static_cast<int>(fault ? ExitCode::kProtocolFault : ExitCode::kCannotConnect);
    return false;
  }
}

// False if the client should end: a script whose login failed cannot continue. A person can log in
// later.
bool TerminalClient::log_in_at_start() {
  if (keeps_token_ && log_in_by_token()) return true;
  if (options_.user.empty()) return true;
  const auto account = parse_account(options_.user);
  if (!account) {
    show({event::Usage{"--user: " + account.error()}});
    return terminal_;
  }
  const auto password = first_password();
  if (!password) return terminal_;
  if (terminal_) {
    const Answer answer = session_.login({*account, *password});
    if (answer.ok()) greet_after_login();
    return true;
  }
  retries_login_ = reconnects_;
  for (;;) {
    const Answer answer = session_.login({*account, *password});
    if (answer.ok()) break;
    if (!is_for_later(answer)) return false;
    if (const auto* refused = answer.event.as<event::Refused>()) heed(*refused->retry_after_ms);
    session_.close();
    while (!session_.connected()) {
      if (!pause(base::system_clock().now() + kTick)) return false;
    }
  }
  retries_login_ = false;
  backoff_.reset();
  return true;
}

// True if the user is logged in, or need not be asked for a password for other reasons.
bool TerminalClient::log_in_by_token() {
  if (!options_.password_file.empty() || std::getenv("CHAT_PASSWORD") != nullptr) return false;
  const auto account = options_.user.empty() ? Account{} : parse_account(options_.user);
  if (!account) return false;
  const SavedState::Server server{options_.host, options_.port};
  const auto saved = saved_.token(server, *account);
  if (!saved) return false;
  kept_ = {saved->user, saved->token};
  tries_token_ = true;
  const Answer answer = session_.login_by_token(saved->token);
  tries_token_ = false;
  if (answer.ok()) {
    greet_after_login();
    return true;
  }
  const auto* refused = answer.event.as<event::Refused>();
  if (refused == nullptr || refused->error != "invalid_token") return true;
  saved_.drop_token(server, saved->user.id);
  kept_ = {};
  const auto password = ask_password(
      fmt::format("The saved login of {} has ended. Password: ", shown_name(saved->user.name))
          .c_str());
  if (password && session_.login({saved->user, *password}).ok()) {
    greet_after_login();
  }
  return true;
}

// Saves the token when it changes, and drops it after a logout.
void TerminalClient::keep_token() {
  if (keeps_token_) {
    const SavedState::Server server{options_.host, options_.port};
    Resumption now = session_.resumption();
    if (now.token.empty() && !kept_.token.empty()) saved_.drop_token(server, kept_.user.id);
    if (!now.token.empty() && now.token != kept_.token) {
      saved_.keep_token(server, {now.user, now.token});
    }
    kept_ = std::move(now);
  }
  if (const std::string problem = saved_.take_problem(); !problem.empty()) {
    show({event::Usage{problem}});
  }
}

// True if the command should be repeated after reconnecting.
bool TerminalClient::is_for_later(const Answer& answer) const {
  if (!reconnects_ || !may_return_ || ending_ != 0) return false;
  const auto* refused = answer.event.as<event::Refused>();
  return refused != nullptr ? refused->retry_after_ms.has_value()
                            : answer.status != Answer::Status::kNotSent;
}

// A refusal of the client's own automatic retry is not a failure.
bool TerminalClient::is_own_retry(const Event& event) const {
  if (const auto* refused = event.as<event::Refused>()) {
    return retries_login_ && refused->command == "login" && refused->retry_after_ms;
  }
  const auto* timed_out = event.as<event::TimedOut>();
  return timed_out != nullptr && retries_login_ && timed_out->command == "login";
}

// Reports a command whose outcome is unknown.
void TerminalClient::expect(const char* command, const Answer& answer) {
  const bool lost = answer.status == Answer::Status::kDisconnected;
  if (lost && reconnects_ && may_return_ && ending_ == 0) show({event::Unanswered{command}});
}

void TerminalClient::tick() {
  acknowledge();
  keep_token();
  if (reconnects_) stay_connected();
  show_status();
  tell_typing();
  for (const GroupId group : session_.roster().take_unread_groups()) {
    session_.request(protocol::messages::GroupInfo{.groupid = group}, {.quiet = true});
  }
  read_next_page(session_);
  const auto now = base::system_clock().now();
  if (terminal_ && session_.logged_in() && reads_.wants_inbox(now)) {
    command::read_unread_counts(*this);
  }
  if (now < next_ping_ || !session_.connected()) return;
  next_ping_ = now + kPingInterval;
  session_.ping();
}

void TerminalClient::stay_connected() {
  if (session_.connected() || ending_ != 0) return;
  if (!may_return_) return stop(static_cast<int>(ExitCode::kConnectionLost));
  if (!next_try_) return come_back_later("");
  if (base::system_clock().now() < *next_try_) return;
  if (try_again()) next_try_.reset();
}

// True if the user wants to reconnect now.
bool TerminalClient::try_now(const std::string& line) {
  if (!editor_ || !line.empty() || !next_try_ || session_.connected()) return false;
  next_try_ = base::system_clock().now();
  return true;
}

void TerminalClient::come_back_later(const std::string& reason) {
  ++attempts_;
  attempt_failure_ = reason;
  const auto wait = backoff_.next() + std::chrono::milliseconds(return_after_ms_.exchange(0));
  next_try_ = base::system_clock().now() + wait;
  show({event::Reconnecting{wait, reason}});
}

void TerminalClient::heed(std::int64_t wish_ms) {
  const std::int64_t most = std::chrono::milliseconds(kLongestAbsence).count();
  return_after_ms_ = std::clamp<std::int64_t>(wish_ms, 0, most);
}

// False: try again later.
bool TerminalClient::try_again() {
  session_.close();
  const auto opened = session_.open(options_.host, options_.port, tls_.get());
  if (!opened) {
    if (const auto farewell = session_.farewell()) note({*farewell});
    if (may_return_) come_back_later(opened.error().message);
    return false;
  }
  const bool logs_in_later = retries_login_.exchange(true);
  tries_token_ = terminal_;
  const Answer answer = session_.resume();
  tries_token_ = false;
  retries_login_ = logs_in_later;
  const auto* refused = answer.event.as<event::Refused>();
  if (terminal_ && refused != nullptr && refused->error == "invalid_token") {
    show({event::Usage{"Connected again, but the login has ended: /login NAME"}});
  }
  // Another session may have received messages meanwhile.
  if (terminal_ && answer.ok()) command::read_unread_counts(*this);
  const bool answered = answer.status != Answer::Status::kDisconnected;
  if (answered && !answer.ok() && is_for_later(answer)) {
    session_.close();
    come_back_later("the server is busy");
    return false;
  }
  if (session_.connected() && !logs_in_later) backoff_.reset();
  if (session_.connected()) attempts_ = 0;
  return session_.connected();
}

// Waits for events of the session's or the signal thread.
bool TerminalClient::pause(base::SteadyTime until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - base::system_clock().now());
  if (left.count() <= 0 || !reader_.pause(std::min<std::chrono::milliseconds>(left, kTick))) {
    return false;
  }
  tick();
  return ending_ == 0;
}

// Interactively the command fails, as the user can repeat it; a script waits for the connection.
bool TerminalClient::need_connection() {
  if (session_.connected()) return true;
  if (!terminal_) return wait_for_connection();
  if (ending_ == 0) show({event::Usage{kNoConnection}});
  return false;
}

bool TerminalClient::wait_for_connection() {
  constexpr auto kPatience = 3 * ClientSession::kReplyTimeout;
  const auto deadline = base::system_clock().now() + kPatience;
  while (!session_.connected()) {
    if (pause(deadline)) continue;
    if (ending_ == 0) show({event::TimedOut{"connect", kPatience}});
    return false;
  }
  return true;
}

// Waits until all chats are sent, even if the connection was lost just before the end.
void TerminalClient::finish_sending() {
  const auto hopeless = [this] {
    return session_.connected() && !session_.logged_in() && !session_.can_resume();
  };
  std::size_t left = session_.unanswered_chats();
  auto progress = base::system_clock().now();
  while (left > 0 && ending_ == 0 && !hopeless() &&
         pause(progress + 3 * ClientSession::kReplyTimeout)) {
    const std::size_t before = std::exchange(left, session_.unanswered_chats());
    if (left < before) progress = base::system_clock().now();
  }
}

}  // namespace chat::client
