#pragma once

#include <termios.h>

#include "chat/base/mutex.h"

namespace chat::client {

// How the terminal on standard input treats keys, with the way back to how it was at the start.
//
// The way back is taken by the destructor, by restore_terminal(), and by handlers for every signal
// that ends the process (but SIGKILL, and those that SignalWatch takes).
// While another process group has the terminal nothing is changed; retry() makes up for it.
// Threading: thread-safe. Ownership: one object in a process.
class TerminalMode {
 public:
  enum class Kind {
    kUsual,  // as the program found it
    kKeys,   // each key at once and without echo; Ctrl-C and Ctrl-Z stay signals
    kSilent  // lines as usual, but without echo
  };

  // Nothing happens where standard input is no terminal.
  TerminalMode();
  ~TerminalMode();
  TerminalMode(const TerminalMode&) = delete;
  TerminalMode& operator=(const TerminalMode&) = delete;

  void set(Kind kind);
  // Before the process stops, and when it goes on.
  void suspend();
  void resume();
  // Whether this process may use the terminal now; takes up a mode that had to wait for that.
  bool retry();

 private:
  void apply_locked() CHAT_REQUIRES(mutex_);

  base::Mutex mutex_;
  const bool terminal_;
  Kind kind_ CHAT_GUARDED_BY(mutex_) = Kind::kUsual;
  bool suspended_ CHAT_GUARDED_BY(mutex_) = false;
  bool due_ CHAT_GUARDED_BY(mutex_) = false;
};

// The terminal as the program found it, whatever state the process is in. Async-signal-safe.
void restore_terminal();

}  // namespace chat::client
