#include "client/terminal/terminal_mode.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

#include "chat/base/check.h"

namespace chat::client {
namespace {

// For signal handlers. `usual` is written once, before `known`.
termios usual;
std::atomic<bool> known{false};
std::atomic<bool> changed{false};     // the terminal's mode was changed
std::atomic<bool> bracketing{false};  // bracketed paste is on
static_assert(std::atomic<bool>::is_always_lock_free);

// xterm's bracketed paste mode: a paste is enclosed in ESC [200~ and ESC [201~.
// xterm's focus reports: ESC [I and ESC [O. Other terminals ignore both requests.
constexpr std::string_view kMarkPastes = "\x1b[?2004h\x1b[?1004h";
// Also shows the cursor and enables automatic wrap, which drawing may have disabled.
constexpr std::string_view kAsUsual = "\x1b[?2004l\x1b[?1004l\x1b[?7h";

// The signals that end the process by default, except those handled by SignalWatch.
constexpr int kFatal[] = {SIGABRT, SIGALRM, SIGBUS,  SIGFPE,    SIGILL,  SIGIO,
                          SIGPROF, SIGPWR,  SIGQUIT, SIGSEGV,   SIGSYS,  SIGSTKFLT,
                          SIGTRAP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ};

void die(int number) {
  restore_terminal();
  // The disposition is reset to the default (SA_RESETHAND), so the signal ends the process.
  ::raise(number);
}

void catch_fatal_signals() {
  struct sigaction action {};
  action.sa_handler = die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  ::sigemptyset(&action.sa_mask);
  for (const int number : kFatal) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
  }
}

// Only the controlling terminal of the session has a foreground group. After a hang-up (EIO) it
// counts as foreground, so that reading detects the end.
bool in_foreground() {
  const pid_t group = ::tcgetpgrp(STDIN_FILENO);
  return group < 0 || group == ::getpgrp();
}

// Waits only briefly, because the terminal may block output forever.
void write_if_possible(std::string_view bytes) {
  constexpr int kMomentMs = 100;
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  if (::isatty(STDOUT_FILENO) == 0 || ::poll(&output, 1, kMomentMs) <= 0) return;
  static_cast<void>(!::write(STDOUT_FILENO, bytes.data(), bytes.size()));
}

termios settings_of(TerminalMode::Kind kind) {
  termios settings = usual;
  if (kind == TerminalMode::Kind::kKeys) {
    settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ECHONL | IEXTEN);
    // Ctrl-S would stop the output of arriving messages.
    settings.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | IGNCR | ISTRIP | INPCK);
    settings.c_lflag |= ISIG;
    settings.c_cc[VINTR] = _POSIX_VDISABLE;
    settings.c_cc[VMIN] = 0;  // read() never blocks
    settings.c_cc[VTIME] = 0;
  }
  if (kind == TerminalMode::Kind::kSilent) {
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    settings.c_lflag |= ECHONL;
  }
  return settings;
}

}  // namespace

void restore_terminal() {
  const int before = errno;
  if (changed.exchange(false) && in_foreground()) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &usual);
    if (bracketing.exchange(false)) write_if_possible(kAsUsual);
  }
  errno = before;
}

TerminalMode::TerminalMode() : terminal_(::tcgetattr(STDIN_FILENO, &usual) == 0) {
  CHAT_CHECK(!known.exchange(true));
  if (terminal_) catch_fatal_signals();
}

TerminalMode::~TerminalMode() {
  restore_terminal();
  known = false;
}

void TerminalMode::set(Kind kind) {
  base::MutexLock lock(mutex_);
  if (kind == kind_ && !due_) return;
  kind_ = kind;
  apply_locked();
}

void TerminalMode::suspend() {
  base::MutexLock lock(mutex_);
  suspended_ = true;
  restore_terminal();
}

void TerminalMode::resume() {
  base::MutexLock lock(mutex_);
  suspended_ = false;
  apply_locked();
}

bool TerminalMode::retry() {
  base::MutexLock lock(mutex_);
  if (!terminal_ || suspended_ || !in_foreground()) return false;
  if (due_) apply_locked();
  return true;
}

void TerminalMode::apply_locked() {
  due_ = terminal_ && (suspended_ || !in_foreground());
  if (!terminal_ || due_) return;
  if (kind_ == Kind::kUsual) return restore_terminal();
  changed = true;
  const termios settings = settings_of(kind_);
  // Drops input typed before a question, which was not meant as its answer.
  ::tcsetattr(STDIN_FILENO, kind_ == Kind::kSilent ? TCSAFLUSH : TCSANOW, &settings);
  if (kind_ != Kind::kKeys) return;
  bracketing = true;
  write_if_possible(kMarkPastes);
}

}  // namespace chat::client
