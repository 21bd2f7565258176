#include "client/terminal/terminal_client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <type_traits>
#include <utility>
#include <variant>

#include "chat/base/clock.h"
#include "chat/protocol/limits.h"
#include "client/core/code_points.h"
#include "client/core/text.h"
#include "client/terminal/commands/command_parser.h"
#include "client/terminal/editor/line_view.h"
#include "client/terminal/printer/printer.h"
#include "client/terminal/terminal.h"

namespace chat::client {
namespace {

// Without a connection, chats can be kept if the sender is known.
bool needs_connection(const Command& command, bool keeps_chats) {
  return std::visit(
      [keeps_chats]<typename T>(const T&) {
        if constexpr (requires { T::kWorksOffline; }) return false;
        return !(keeps_chats && std::is_same_v<T, command::Chat>);
      },
      command);
}

std::size_t count_messages(const Event& event) {
  if (const auto* message = event.as<event::Message>()) return message->notice ? 0 : 1;
  const auto* login = event.as<event::LoggedIn>();
  if (login == nullptr) return 0;
  return static_cast<std::size_t>(
      std::count_if(login->offline.begin(), login->offline.end(),
                    [](const event::Message& each) { return !each.notice; }));
}

}  // namespace

TerminalClient::TerminalClient(ClientOptions options, std::unique_ptr<const TlsContext> tls)
    : options_(std::move(options)),
      tls_(std::move(tls)),
      typed_(::isatty(STDIN_FILENO) == 1),
      terminal_(typed_ && ::isatty(STDOUT_FILENO) == 1),
      form_(options_.json ? Form::kJson
            : terminal_   ? Form::kPeople
                          : Form::kLines),
      color_(wants_color(STDOUT_FILENO, options_.color)),
      reconnects_(terminal_ || options_.reconnect),
      keeps_token_(form_ == Form::kPeople && options_.keeps_token && !state_directory().empty()),
      keeps_history_(form_ == Form::kPeople && options_.keeps_history),
      saved_(keeps_token_ || keeps_history_ ? state_directory() : ""),
      backoff_(random_up_to),
      reader_(STDIN_FILENO),
      transcript_({.color = color_,
                   .marks = options_.marks,
                   .changes_in_place = terminal_ && !is_dumb_terminal()},
                  session_.names()),
      session_([this](const Event& event) { show(event); }) {
  if (!terminal_ || is_dumb_terminal()) return;
  editor_ = std::make_unique<LineEditor>(
      mode_, "> ", color_,
      [this](std::string_view before) { return completions(before, known_refs()); },
      [this](std::string_view line) { return may_remember(line); });
  if (keeps_history_) editor_->set_history(saved_.lines());
}

int TerminalClient::run() {
  if (!connect()) return exit_code();
  const SignalWatch signals(signal_actions());
  if (log_in_at_start()) {
    if (terminal_ && ending_ == 0 && !session_.logged_in()) {
      show({event::Help{"/register NAME or /login NAME; /help lists the commands.\n"}});
    }
    read_commands();
  }
  leave();
  // While signals are still watched.
  mode_.suspend();
  return exit_code();
}

SignalActions TerminalClient::signal_actions() {
  SignalActions actions;
  actions.end = [this](int number) {
    session_.interrupt();
    stop(kSignalExitBase + number);
  };
  if (!typed_) return actions;
  actions.suspend = [this] { editor_ ? editor_->suspend() : mode_.suspend(); };
  actions.resume = [this] { editor_ ? editor_->resume() : mode_.resume(); };
  actions.resize = [this] {
    if (editor_) editor_->resize();
  };
  return actions;
}

void TerminalClient::read_commands() {
  reading_ = true;
  std::string line;
  while (!quit_ && ending_ == 0) {
    switch (next_line(line)) {
      case LineReader::Status::kLine: run_line(line); break;
      case LineReader::Status::kTooLong: show({event::Usage{"the line is too long"}}); break;
      case LineReader::Status::kTimeout: break;
      case LineReader::Status::kEnd:
        if (const int error = reader_.error()) {
          show({event::Usage{fmt::format("cannot read the commands: {}", std::strerror(error))}});
        }
        return;
      case LineReader::Status::kWoken: return;
    }
    tick();
  }
}

LineReader::Status TerminalClient::next_line(std::string& line) {
  return editor_ ? editor_->next(line, kTick) : reader_.next(line, kTick);
}

void TerminalClient::run_line(const std::string& line) {
  // A line that begins with a blank is not saved, as in shells.
  if (keeps_history_ && !line.starts_with(' ') && may_remember(line)) saved_.add_line(line);
  if (try_now(line)) return;
  const auto command = current_ ? parse_in_conversation(line, *current_) : parse_command(line);
  if (!command && terminal_ && !current_ && is_text_without_target(line)) {
    show({event::Usage{"that goes to nobody yet: /to NAME, then write; /help lists the commands"}});
    return;
  }
  if (!command) {
    // Plain lines must not go to the conversation before, unnoticed.
    if (is_command(line, "/to")) set_current(std::nullopt);
    show({event::Usage{command.error()}});
    return;
  }
  if (needs_connection(*command, session_.can_resume()) && !need_connection()) return;
  const auto before = current_;
  const Roster& roster = session_.roster();
  const bool was_member = terminal_ && before && roster.has(before->group);
  std::visit([this](const auto& what) { what.run(*this); }, *command);
  const auto missing = roster.missing_page();
  const bool knows_groups = !missing || missing->kind != "groups";
  const bool has_left = was_member && knows_groups && !roster.has(before->group);
  if (has_left && current_ == before) set_current(std::nullopt);
}

// Logs out first, so that the account is free when the process ends and a script can log in again
// at once.
void TerminalClient::leave() {
  // A script waits until its messages are sent; a person is told and leaves.
  if (reconnects_ && !terminal_) finish_sending();
  acknowledge();
  if (session_.connected() && session_.logged_in()) {
    // A logout would revoke the token. The server ends the session with the connection.
    if (keeps_token_) {
      session_.wait_for_chats(ClientSession::kReplyTimeout);
    } else {
      session_.logout();
    }
  }
  keep_token();
  session_.close();
  session_.drop_chats();
}

int TerminalClient::exit_code() const {
  return ending_ != 0 ? ending_ : failure_;
}

bool TerminalClient::take_messages(std::size_t count, base::SteadyTime deadline) {
  for (;;) {
    const auto now = base::system_clock().now();
    {
      base::MutexLock lock(messages_mutex_);
      const auto look = std::min(deadline, now + kTick);
      while (!ended_ && messages_ < count && messages_changed_.wait_until(messages_mutex_, look)) {
      }
      if (messages_ >= count) {
        messages_ -= count;
        return true;
      }
      if (ended_) return false;
    }
    if (now >= deadline) return false;
    tick();
  }
}

void TerminalClient::show_pages(const char* command, Pager::Read read) {
  pager_.begin(session_.self(), std::move(read));
  expect(command, pager_.next());
}

void TerminalClient::show_next_page(const char* command) {
  if (pager_.has_more(session_.self())) return expect(command, pager_.next());
  show({event::Usage{"there is nothing more to show"}});
}

bool TerminalClient::need_login(const char* command) {
  if (session_.logged_in()) return true;
  show({event::Refused{command, {}, 20, "not_logged_in", "log in first", {}}});
  return false;
}

void TerminalClient::show(const Event& event) {
  // Scripts refer to messages by numbers as people do, although they see none.
  if (form_ != Form::kPeople) {
    base::MutexLock lock(output_mutex_);
    transcript_.show(event);
  }
  if (terminal_) reads_.apply(event);
  note(event);  // a script that waits for a message may now refer to it
  switch (form_) {
    case Form::kPeople: show_to_people(event); break;
    case Form::kLines: print(to_line(event)); break;
    case Form::kJson: print(to_json(event)); break;
  }
}

bool TerminalClient::write_out(const std::string& text) {
  if (editor_) return editor_->print(text);
  base::MutexLock lock(output_mutex_);
  return write_all(STDOUT_FILENO, text);
}

void TerminalClient::print(const std::string& text) {
  if (text.empty()) return;
  const bool written = write_out(text);
  // The reader is gone (SIGPIPE is ignored), so the client ends.
  if (!written) stop(kSignalExitBase + SIGPIPE);
}

void TerminalClient::note(const Event& event) {
  if (!terminal_) {
    const bool counts = !is_own_retry(event);
    if (counts && event.as<event::Refused>()) fail_with(ExitCode::kRefused);
    if (event.as<event::Usage>()) fail_with(ExitCode::kUsage);
    if (counts && event.as<event::TimedOut>()) fail_with(ExitCode::kNoAnswer);
    if (event.as<event::Unanswered>()) fail_with(ExitCode::kNoAnswer);
  }
  if (event.as<event::Unsent>()) fail_with(ExitCode::kNoAnswer);
  if (const auto* bye = event.as<event::Bye>()) {
    may_return_ = bye->reconnect_after_ms >= 0;
    heed(bye->reconnect_after_ms);
  }
  const bool lost = event.as<event::Disconnected>() != nullptr;
  if (lost && !(reconnects_ && may_return_)) stop(static_cast<int>(ExitCode::kConnectionLost));
  if (event.as<event::Fault>()) stop(static_cast<int>(ExitCode::kProtocolFault));
  base::MutexLock lock(messages_mutex_);
  messages_ += count_messages(event);
  messages_changed_.notify_all();
}

// Ends all waits of the main thread; the first cause decides the exit code.
void TerminalClient::stop(int code) {
  int none = 0;
  ending_.compare_exchange_strong(none, code);
  reader_.wake();
  if (editor_) editor_->wake();
  base::MutexLock lock(messages_mutex_);
  ended_ = true;
  messages_changed_.notify_all();
}

}  // namespace chat::client
