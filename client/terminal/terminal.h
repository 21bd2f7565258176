#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"
#include "client/terminal/settings/client_settings.h"

// The terminal, and signals of the process.
namespace chat::client {

bool on_terminal();  // standard input and output are one

// For kAuto: true on a terminal, unless NO_COLOR is set (no-color.org) or TERM is "dumb".
bool wants_color(int fd, ColorWhen when);

// TERM is "dumb": the terminal obeys no control sequences.
bool is_dumb_terminal();

// Writes all bytes, even if the descriptor is non-blocking; false if the reader is gone.
bool write_all(int fd, std::string_view bytes);

// The process's reactions to signals, on the watching thread.
struct SignalActions {
  std::function<void(int number)> end;  // SIGINT, SIGTERM, SIGHUP
  // The rest is for interactive use. Ctrl-Z: called before the process stops.
  std::function<void()> suspend{};
  std::function<void()> resume{};  // the process continues
  std::function<void()> resize{};  // the terminal was resized
};

// Handles the process's signals on a separate thread: those that end the client and, if there are
// actions for them, SIGTSTP, SIGCONT and SIGWINCH. A second ending signal ends the process at once,
// as does the first if the program has not ended after kPatience. The terminal is restored first.
class SignalWatch {
 public:
  static constexpr std::chrono::seconds kPatience{2};

  explicit SignalWatch(SignalActions actions);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void watch();
  void take(int number);
  void stop_process();

  const SignalActions actions_;
  int ending_ = 0;  // the signal that is ending the process; confined to the thread
  base::UniqueFd signals_;
  base::UniqueFd stop_;
  base::Thread thread_;
};

}  // namespace chat::client
