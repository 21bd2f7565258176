#include "client/app.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "chat/base/clock.h"
#include "client/names.h"
#include "client/printer.h"
#include "client/terminal.h"

namespace chat::client {
namespace {

// The server takes a client for gone that agreed to a heartbeat and is silent for 75 s.
constexpr std::chrono::seconds kPingInterval{30};

// Acknowledgements and reconnecting are looked after so often.
constexpr std::chrono::milliseconds kTick{200};

// Chats are kept for later where it is known who sends them; the others make sense only now.
bool needs_connection(const Command& command, bool keeps_chats) {
  return !std::holds_alternative<command::Nothing>(command) &&
         !(keeps_chats && std::holds_alternative<command::Chat>(command)) &&
         !std::holds_alternative<command::Wait>(command) &&
         !std::holds_alternative<command::WaitMessages>(command) &&
         !std::holds_alternative<command::Help>(command) &&
         !std::holds_alternative<command::Quit>(command);
}

std::size_t count_messages(const Event& event) {
  if (event.as<event::Message>()) return 1;
  const auto* login = event.as<event::LoggedIn>();
  return login ? login->offline.size() : 0;
}

}  // namespace

App::App(Options options, std::unique_ptr<const TlsContext> tls)
    : options_(std::move(options)),
      tls_(std::move(tls)),
      typed_(::isatty(STDIN_FILENO) == 1),
      terminal_(typed_ && ::isatty(STDOUT_FILENO) == 1),
      form_(options_.json ? Form::kJson
            : terminal_   ? Form::kPeople
                          : Form::kLines),
      color_(!options_.no_color && wants_color(STDOUT_FILENO)),
      reconnects_(terminal_ || options_.reconnect),
      backoff_(random_up_to),
      reader_(STDIN_FILENO),
      session_([this](const Event& event) { show(event); }) {
  if (!terminal_) return;
  editor_ = std::make_unique<LineEditor>("> ", [this](std::string_view before) {
    return completions(before, session_.friends(), session_.groups());
  });
}

int App::run() {
  if (!connect()) return exit_code();
  const SignalWatch signals([this](int number) {
    stop(kSignalExitBase + number);
    session_.interrupt();
  });
  if (log_in_at_start()) read_commands();
  leave();
  return exit_code();
}

bool App::connect() {
  const auto opened = session_.open(options_.host, options_.port, tls_.get());
  if (opened) return true;
  show({event::Disconnected{fmt::format("cannot connect to {} port {}: {}", options_.host,
                                        options_.port, opened.error().message)}});
  const bool fault = opened.error().code == ErrorCode::kInternal;
  ending_ = static_cast<int>(fault ? ExitCode::kProtocolFault : ExitCode::kCannotConnect);
  return false;
}

// False when there is no sense in going on: a script whose login failed has nothing to say.
bool App::log_in_at_start() {
  if (options_.user.empty()) return true;
  const auto account = parse_account(options_.user);
  if (!account) {
    show({event::Usage{"--user: " + account.error()}});
    return false;
  }
  const auto password = first_password();
  if (!password) return false;
  return session_.login({*account, *password}).ok() || terminal_;
}

void App::read_commands() {
  std::string line;
  next_ping_ = base::system_clock().now() + kPingInterval;
  while (!quit_ && ending_ == 0) {
    switch (next_line(line)) {
      case LineReader::Status::kLine: run_line(line); break;
      case LineReader::Status::kTooLong: show({event::Usage{"the line is too long"}}); break;
      case LineReader::Status::kTimeout: break;
      case LineReader::Status::kEnd:
      case LineReader::Status::kWoken: return;
    }
    tick();
  }
}

LineReader::Status App::next_line(std::string& line) {
  return editor_ ? editor_->next(line, kTick) : reader_.next(line, kTick);
}

void App::tick() {
  session_.acknowledge(terminal_);
  if (reconnects_) stay_connected();
  const auto now = base::system_clock().now();
  if (now < next_ping_ || !session_.connected()) return;
  next_ping_ = now + kPingInterval;
  // A server that does not answer is as good as gone.
  if (session_.ping().status == Answer::Status::kTimedOut && reconnects_) session_.interrupt();
}

void App::stay_connected() {
  if (session_.connected() || ending_ != 0) return;
  if (!may_return_) return stop(static_cast<int>(ExitCode::kConnectionLost));
  if (!next_try_) return come_back_later("");
  if (base::system_clock().now() < *next_try_) return;
  if (try_again()) next_try_.reset();
}

void App::come_back_later(const std::string& reason) {
  const auto wait = backoff_.next() + std::chrono::milliseconds(return_after_ms_.exchange(0));
  next_try_ = base::system_clock().now() + wait;
  show({event::Reconnecting{wait, reason}});
}

// False: later again.
bool App::try_again() {
  session_.close();
  const auto opened = session_.open(options_.host, options_.port, tls_.get());
  if (!opened) {
    come_back_later(opened.error().message);
    return false;
  }
  const Answer answer = session_.resume();
  const auto* refused = answer.event.as<event::Refused>();
  const bool for_now = refused != nullptr && refused->retry_after_ms.has_value();
  if (answer.status == Answer::Status::kTimedOut || for_now) {
    session_.close();
    come_back_later("the server is busy");
    return false;
  }
  if (session_.connected()) backoff_.reset();
  return session_.connected();
}

void App::run_line(const std::string& line) {
  const auto command = parse_command(resolve_names(line, session_.friends(), session_.groups()));
  if (!command) {
    show({event::Usage{command.error()}});
    return;
  }
  if (!session_.connected() && needs_connection(*command, session_.can_resume())) {
    show({event::Usage{"there is no connection now; the client is trying to get one"}});
    return;
  }
  std::visit([this](const auto& what) { execute(what); }, *command);
}

// Logging out first means that the account is free when the process is gone: a script may log
// in again at once.
void App::leave() {
  if (reconnects_ && !quit_) finish_sending();
  session_.acknowledge(terminal_);
  if (session_.connected() && session_.logged_in()) session_.logout();
  session_.close();
}

// What was typed is to arrive, also when the connection was lost just before the end.
void App::finish_sending() {
  const auto deadline = base::system_clock().now() + 3 * Session::kReplyTimeout;
  while (session_.unanswered_chats() > 0 && ending_ == 0 && base::system_clock().now() < deadline &&
         reader_.pause(kTick)) {
    tick();
  }
}

int App::exit_code() const {
  return ending_ != 0 ? ending_ : failure_;
}

void App::execute(const command::Register& what) {
  const auto password = what.password ? what.password : new_password();
  if (password) session_.register_user(what.name, *password);
}

void App::execute(const command::Login& what) {
  const auto password = what.password ? what.password : ask_password("Password: ");
  if (password) session_.login({what.account, *password, what.takeover});
}

void App::execute(const command::Friends&) {
  if (need_login("friends")) show({event::FriendList{session_.friends()}});
}

void App::execute(const command::Groups&) {
  if (need_login("groups")) show({event::GroupList{session_.groups()}});
}

void App::execute(const command::WaitMessages& what) {
  const auto deadline = base::system_clock().now() + what.timeout;
  bool enough = true;
  {
    base::MutexLock lock(messages_mutex_);
    while (enough && !ended_ && messages_ < what.count) {
      enough = messages_changed_.wait_until(messages_mutex_, deadline);
    }
    enough = messages_ >= what.count;
    if (enough) messages_ -= what.count;
    // The connection's end speaks for itself.
    enough = enough || ended_;
  }
  if (!enough) show({event::TimedOut{"wait-messages", what.timeout}});
}

void App::execute(const command::History& what) {
  if (!need_login("history")) return;
  history_of_ = what.target;
  history_limit_ = what.limit;
  history_cursor_.clear();
  const Answer answer = session_.history(what.target, what.limit, "");
  if (const auto* page = answer.event.as<event::History>()) history_cursor_ = page->cursor;
}

void App::execute(const command::More&) {
  if (!need_login("more")) return;
  if (history_cursor_.empty()) return show({event::Usage{"there is nothing more to show"}});
  const Answer answer = session_.history(history_of_, history_limit_, history_cursor_);
  if (const auto* page = answer.event.as<event::History>()) history_cursor_ = page->cursor;
}

void App::execute(const command::Help&) {
  show({event::Help{kCommandHelp}});
}

bool App::need_login(const char* command) {
  if (session_.logged_in()) return true;
  show({event::Refused{command, {}, 20, "not_logged_in", "log in first", {}}});
  return false;
}

void App::show(const Event& event) {
  note(event);
  switch (form_) {
    case Form::kPeople: print(to_people(event, color_)); break;
    case Form::kLines: print(to_line(event)); break;
    case Form::kJson: print(to_json(event)); break;
  }
}

// One call, so that events of two threads never mix: stdio locks the stream for it.
void App::print(const std::string& text) {
  if (text.empty()) return;
  const bool written = editor_ ? editor_->print(text)
                               : std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
                                     std::fflush(stdout) == 0;
  // Nobody reads any more (SIGPIPE is ignored): there is nothing left to do.
  if (!written) stop(kSignalExitBase + SIGPIPE);
}

void App::note(const Event& event) {
  if (!terminal_) {
    if (event.as<event::Refused>()) fail_with(ExitCode::kRefused);
    if (event.as<event::Usage>()) fail_with(ExitCode::kUsage);
    if (event.as<event::TimedOut>()) fail_with(ExitCode::kNoAnswer);
  }
  if (const auto* bye = event.as<event::Bye>()) {
    may_return_ = bye->reconnect_after_ms >= 0;
    return_after_ms_ = std::max<std::int64_t>(bye->reconnect_after_ms, 0);
  }
  const bool lost = event.as<event::Disconnected>() != nullptr;
  if (lost && !(reconnects_ && may_return_)) stop(static_cast<int>(ExitCode::kConnectionLost));
  if (event.as<event::Fault>()) stop(static_cast<int>(ExitCode::kProtocolFault));
  base::MutexLock lock(messages_mutex_);
  messages_ += count_messages(event);
  messages_changed_.notify_all();
}

// Whatever the main thread waits for is over; the first cause decides the exit code.
void App::stop(int code) {
  int none = 0;
  ending_.compare_exchange_strong(none, code);
  reader_.wake();
  base::MutexLock lock(messages_mutex_);
  ended_ = true;
  messages_changed_.notify_all();
}

}  // namespace chat::client
