#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/mutex.h"
#include "client/core/client_session.h"
#include "client/core/reconnect_backoff.h"
#include "client/terminal/client_options.h"
#include "client/terminal/commands/command.h"
#include "client/terminal/commands/completion.h"
#include "client/terminal/editor/line_editor.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/line_reader.h"
#include "client/terminal/pager.h"
#include "client/terminal/settings/saved_state.h"
#include "client/terminal/terminal.h"
#include "client/terminal/terminal_mode.h"
#include "client/terminal/transcript/read_positions.h"
#include "client/terminal/transcript/transcript.h"
#include "client/terminal/transcript/typing_hints.h"
#include "client/terminal/typing_report.h"

namespace chat::client {

// The program: passes commands from standard input to the session, and events to standard output.
//
// After a lost connection it reconnects (on a terminal, or with --reconnect): the main thread tries
// in tick(), which also sends pings and acknowledgements, whenever it waits for a line, a password
// or messages. On a terminal only the end of the connection affects the exit code; otherwise that
// tells a script how the last failing command failed.
//
// Threading: run() on the main thread, which is the sending one; show() also on the session's
// receiving thread.
class TerminalClient {
 public:
  // `tls`: null for plain connections.
  explicit TerminalClient(ClientOptions options, std::unique_ptr<const TlsContext> tls = nullptr);

  int run();  // returns the exit code

  // For commands, on the main thread.
  ClientSession& session() { return session_; }
  void show_pages(const char* command, Pager::Read read);  // the first one
  void show_next_page(const char* command);                // for /more
  // Who is meant by an id or a name. Nothing: reported.
  std::optional<UserRef> find_user(const std::string& command, const UserRef& typed);
  std::optional<GroupRef> find_group(const std::string& command, const GroupRef& typed);
  std::optional<Target> find_target(const std::string& command, const command::Recipient& typed);
  void show(const Event& event);
  std::optional<Target> need_current();  // where plain text goes; reports if there is none
  void set_current(std::optional<Target> target);
  void show_current();
  ReadPositions& reads() { return reads_; }  // of a person
  bool has_shown(const Target& conversation);
  // A message by its number; 0: the last one here, of the user's own or others. Nothing: reported.
  std::optional<ShownMessage> find_message(int number, bool own);
  // Sends a text; in groups, @NAME mentions members.
  void write(const Target& target, const std::string& text, event::MessageExtras extras);
  bool is_message(std::string_view number);  // one that a person sees; reports how to act on it
  void show_own_act(const ShownMessage& message, Seq seq, const event::MessageExtras& act,
                    const std::string& text);
  void greet_after_login();                         // shows what waits for the user
  void silence(const Target& target, bool silent);  // no bell for it, except for mentions
  void set_knows_typing() { typing_report_.enable(); }
  void expect(const char* command, const Answer& answer);  // reports an unknown outcome
  bool need_login(const char* command);
  bool need_connection();
  std::optional<std::string> ask_password(const char* prompt);
  std::optional<std::string> new_password();
  bool confirm(const std::string& question);  // asks a person; false: not agreed
  // Receives for at most a tick. False if `until` has passed, or the program should end.
  bool pause(base::SteadyTime until);
  // False if they have not arrived in time, or no longer can.
  bool take_messages(std::size_t count, base::SteadyTime deadline);
  bool ending() const { return ending_ != 0; }
  bool on_terminal() const { return terminal_; }
  bool for_people() const { return form_ == Form::kPeople; }
  void quit() { quit_ = true; }

 private:
  static constexpr std::chrono::milliseconds kTick{200};  // of acknowledgements, pings, attempts
  enum class Form { kPeople, kLines, kJson };
  bool connect();
  void tick();
  void stay_connected();
  void heed(std::int64_t wish_ms);
  bool try_again();
  bool wait_for_connection();
  bool is_for_later(const Answer& answer) const;
  bool is_own_retry(const Event& event) const;
  void come_back_later(const std::string& reason);
  void finish_sending();
  bool log_in_at_start();
  bool log_in_by_token();
  void keep_token();
  bool screen_is_seen() const;
  void acknowledge();
  void read_commands();
  LineReader::Status next_line(std::string& line);
  LineReader::Status next_answer(const char* prompt, std::string& line, bool secret);
  SignalActions signal_actions();
  void run_line(const std::string& line);
  void leave();
  int exit_code() const;

  std::optional<std::string> first_password();
  std::optional<std::string> password_in(const std::string& path);
  std::optional<std::string> checked(std::string password);
  KnownRefs known_refs() const;
  void show_to_people(const Event& event);
  bool is_told_otherwise(const Event& event);
  bool try_now(const std::string& line);
  void put_locked(const std::vector<Transcript::Output>& outputs) CHAT_REQUIRES(output_mutex_);
  void ring();
  void show_status();
  bool may_remember(std::string_view line) const;
  std::string shown_target(const Target& target) const;
  void print(const std::string& text);
  bool write_out(const std::string& text);
  std::string typists();
  void tell_typing();
  void note(const Event& event);
  void fail_with(ExitCode code) { failure_ = static_cast<int>(code); }
  void stop(int code);

  // Fixed after start.
  const ClientOptions options_;
  const std::unique_ptr<const TlsContext> tls_;
  const bool typed_;     // the commands come from a terminal
  const bool terminal_;  // and the events go to one
  const Form form_;
  const bool color_;
  const bool reconnects_;
  const bool keeps_token_;
  const bool keeps_history_;
  // Confined to the main thread.
  bool quit_ = false;
  std::optional<Target> current_;
  SavedState saved_;
  Resumption kept_;       // as saved
  bool reading_ = false;  // commands, so that there is a prompt with a status
  TypingReport typing_report_;
  int attempts_ = 0;             // to reconnect, since the connection was lost
  std::string attempt_failure_;  // of the last one
  ReconnectBackoff backoff_;
  std::optional<base::SteadyTime> next_try_;  // to reconnect; nothing while connected
  base::SteadyTime next_ping_{};
  Pager pager_;
  bool asks_secret_ = false;  // a question for a password is on the screen
  // Thread-safe by themselves.
  std::atomic<bool> may_return_{true};            // no BYE forbids reconnecting
  std::atomic<bool> retries_login_{false};        // a transiently refused login is retried
  std::atomic<std::int64_t> return_after_ms_{0};  // from a BYE
  std::atomic<bool> in_conversation_{false};
  std::atomic<bool> tries_token_{false};  // its refusal is told in other words
  std::atomic<bool> said_bye_{false};     // the server, so that the end of the connection is known
  std::atomic<int> failure_{0};           // exit code of the last failed command
  std::atomic<int> ending_{0};            // exit code of what ended the program
  ReadPositions reads_;
  LineReader reader_;
  TerminalMode mode_;
  std::unique_ptr<LineEditor> editor_;  // null unless on a terminal that is not dumb
  base::Mutex output_mutex_;            // keeps events of two threads apart
  Transcript transcript_ CHAT_GUARDED_BY(output_mutex_);
  TypingHints typing_ CHAT_GUARDED_BY(output_mutex_);
  base::Mutex messages_mutex_;
  base::CondVar messages_changed_;
  std::size_t messages_ CHAT_GUARDED_BY(messages_mutex_) = 0;  // received, not yet waited for
  bool ended_ CHAT_GUARDED_BY(messages_mutex_) = false;
  ClientSession session_;
};

}  // namespace chat::client
