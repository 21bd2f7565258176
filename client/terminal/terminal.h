#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"

// What concerns the terminal and the process around the client.
namespace chat::client {

// Colours: only on a terminal, and not where NO_COLOR is set (no-color.org) or TERM is "dumb".
bool wants_color(int fd);

// TERM is "dumb": it obeys no control sequences.
bool is_dumb_terminal();

// Everything, also where the descriptor does not block; false when nobody reads it any more.
bool write_all(int fd, std::string_view bytes);

// What the process does about signals, on the watching thread.
struct SignalActions {
  std::function<void(int number)> end;  // SIGINT, SIGTERM, SIGHUP
  // The rest only for a program that somebody uses on a terminal. Ctrl-Z: before the process stops.
  std::function<void()> suspend{};
  std::function<void()> resume{};  // it goes on, whatever had stopped it
  std::function<void()> resize{};  // the terminal has another size
};

// Takes signals from the whole process while it lives, on a thread of its own: those that end the
// client, and where there are actions for them SIGTSTP, SIGCONT and SIGWINCH.
// A second signal ends the process at once, and so does the first when nothing has come of it after
// kPatience: something hangs that it should have ended. The terminal is restored before.
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
