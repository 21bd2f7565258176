#pragma once

#include <termios.h>

#include "chat/base/mutex.h"

namespace chat::client {

// The mode of the terminal on standard input, and its restoration.
//
// The initial mode is restored by the destructor, by restore_terminal(), and by handlers for every
// signal that ends the process (except SIGKILL and those handled by SignalWatch). While another
// process group has the terminal nothing is changed; retry() catches up.
// Threading: thread-safe. Bounds: one object per process.
class TerminalMode {
 public:
  enum class Kind {
    kUsual,  // the initial mode
    kKeys,   // key by key without echo; Ctrl-Z still sends a signal, Ctrl-C is a key
    kSilent  // line by line, but without echo
  };

  // Does nothing if standard input is not a terminal.
  TerminalMode();
  ~TerminalMode();
  TerminalMode(const TerminalMode&) = delete;
  TerminalMode& operator=(const TerminalMode&) = delete;

  void set(Kind kind);
  // Call before the process is stopped, and when it continues.
  void suspend();
  void resume();
  // True if this process is in the foreground; then applies a postponed mode.
  bool retry();

 private:
  void apply_locked() CHAT_REQUIRES(mutex_);

  base::Mutex mutex_;
  const bool terminal_;
  Kind kind_ CHAT_GUARDED_BY(mutex_) = Kind::kUsual;
  bool suspended_ CHAT_GUARDED_BY(mutex_) = false;
  bool due_ CHAT_GUARDED_BY(mutex_) = false;
};

// Restores the initial mode in any state of the process. Async-signal-safe.
void restore_terminal();

}  // namespace chat::client
