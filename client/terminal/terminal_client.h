#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "chat/base/mutex.h"
#include "client/core/client_session.h"
#include "client/core/reconnect_backoff.h"
#include "client/terminal/client_options.h"
#include "client/terminal/command.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/line_editor.h"
#include "client/terminal/line_reader.h"
#include "client/terminal/terminal.h"
#include "client/terminal/terminal_mode.h"

namespace chat::client {

// The program: commands from standard input to the session, events to standard output.
//
// After a lost connection it comes back by itself (on a terminal, or when asked to): the main
// thread tries in tick(), which it calls whenever it waits for a line, a password or messages, as
// it does for pings and acknowledgements. On a terminal a refusal is for the user to read, and only
// the connection's end changes the exit code. Without one, the exit code tells a script how the
// last failing command failed.
//
// Threading: run() on the main thread, which is the sending one; show() also on the session's
// receiving thread.
class TerminalClient {
 public:
  // `tls`: null for plain connections.
  explicit TerminalClient(ClientOptions options, std::unique_ptr<const TlsContext> tls = nullptr);

  // Returns the exit code.
  int run();

 private:
  // How often acknowledgements, pings and the connection are looked after.
  static constexpr std::chrono::milliseconds kTick{200};
  enum class Form { kPeople, kLines, kJson };

  bool connect();
  void tick();
  void stay_connected();
  void heed(std::int64_t wish_ms);
  bool try_again();
  bool wait_for_connection();
  bool is_for_later(const Answer& answer) const;
  bool is_own_retry(const Event& event) const;
  void expect(const char* command, const Answer& answer);
  void come_back_later(const std::string& reason);
  void finish_sending();
  bool log_in_at_start();
  void read_commands();
  LineReader::Status next_line(std::string& line);
  LineReader::Status next_answer(const char* prompt, std::string& line);
  bool pause(base::SteadyTime until);
  bool take_messages(std::size_t count, base::SteadyTime deadline);
  SignalActions signal_actions();
  void run_line(const std::string& line);
  void leave();
  int exit_code() const;

  void execute(const command::Nothing&) {}
  void execute(const command::Register& what);
  void execute(const command::Login& what);
  void execute(const command::Logout&) { expect("logout", session_.logout()); }
  void execute(const command::AddFriend& what) { expect("add", session_.add_friend(what.id)); }
  void execute(const command::Friends&);
  void execute(const command::CreateGroup& what) {
    expect("creategroup", session_.create_group(what.name, what.desc));
  }
  void execute(const command::JoinGroup& what) { expect("join", session_.join_group(what.id)); }
  void execute(const command::Groups&);
  void execute(const command::Chat& what);
  void execute(const command::Wait& what);
  void execute(const command::WaitMessages& what);
  void execute(const command::Password&);
  void execute(const command::DeleteAccount&);
  void execute(const command::Sessions&) { expect("sessions", session_.sessions()); }
  void execute(const command::Revoke& what) {
    expect("revoke", session_.revoke_session(what.session));
  }
  void execute(const command::History& what);
  void execute(const command::More&);
  void execute(const command::Help&);
  void execute(const command::Quit&) { quit_ = true; }

  std::optional<std::string> ask_password(const char* prompt);
  std::optional<std::string> new_password();
  std::optional<std::string> first_password();
  std::optional<std::string> password_in(const std::string& path);
  std::optional<std::string> checked(std::string password);
  bool need_login(const char* command);
  bool need_connection();

  void show(const Event& event);
  void print(const std::string& text);
  bool write(const std::string& text);
  void note(const Event& event);
  void fail_with(ExitCode code) { failure_ = static_cast<int>(code); }
  void stop(int code);

  // Fixed after start.
  const ClientOptions options_;
  const std::unique_ptr<const TlsContext> tls_;
  const bool typed_;     // someone types the commands
  const bool terminal_;  // and reads the events
  const Form form_;
  const bool color_;
  const bool reconnects_;
  // Confined to the main thread.
  bool quit_ = false;
  ReconnectBackoff backoff_;
  std::optional<base::SteadyTime> next_try_;  // to connect again; nothing while connected
  base::SteadyTime next_ping_{};
  Target history_of_;
  int history_limit_ = 0;
  std::string history_cursor_;  // of the page shown last
  // Thread-safe by themselves.
  std::atomic<bool> may_return_{true};            // no BYE has said otherwise
  std::atomic<bool> retries_login_{false};        // a login that can't be now is tried again
  std::atomic<std::int64_t> return_after_ms_{0};  // a BYE's wish
  std::atomic<int> failure_{0};                   // of the last command that failed
  std::atomic<int> ending_{0};                    // of what ended the program
  LineReader reader_;
  TerminalMode mode_;
  std::unique_ptr<LineEditor> editor_;  // where someone types on a terminal and reads there, but
                                        // on a dumb one
  base::Mutex output_mutex_;            // events of two threads never mix
  base::Mutex messages_mutex_;
  base::CondVar messages_changed_;
  std::size_t messages_ CHAT_GUARDED_BY(messages_mutex_) = 0;  // came, not yet waited for
  bool ended_ CHAT_GUARDED_BY(messages_mutex_) = false;
  ClientSession session_;
};

}  // namespace chat::client
