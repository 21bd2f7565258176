#pragma once

#include <termios.h>

#include <functional>

#include "chat/base/thread.h"
#include "chat/base/unique_fd.h"

// What concerns the terminal and the process around the client.
namespace chat::client {

// Colours: only on a terminal, and not where NO_COLOR is set (no-color.org) or TERM is "dumb".
bool wants_color(int fd);

// While it lives, what is typed on `fd` is not shown. Nothing happens where `fd` is no terminal.
// Every way out restores: signals that end the client are taken by SignalWatch, so destructors
// run.
class EchoOff {
 public:
  explicit EchoOff(int fd);
  ~EchoOff();
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  const int fd_;
  bool active_ = false;
  termios before_{};
};

// Takes SIGINT, SIGTERM and SIGHUP from the whole process while it lives, and calls `on_signal`
// with the number on a thread of its own. A second signal ends the process at once: by then
// something hangs that the first one should have ended.
class SignalWatch {
 public:
  explicit SignalWatch(std::function<void(int)> on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void watch(const std::function<void(int)>& on_signal);

  base::UniqueFd signals_;
  base::UniqueFd stop_;
  base::Thread thread_;
};

}  // namespace chat::client
