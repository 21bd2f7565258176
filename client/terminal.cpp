#include "client/terminal.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "chat/base/check.h"

namespace chat::client {
namespace {

sigset_t ending_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
  return set;
}

}  // namespace

bool wants_color(int fd) {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (term == nullptr || std::string_view(term) == "dumb") return false;
  return ::isatty(fd) == 1;
}

EchoOff::EchoOff(int fd) : fd_(fd) {
  if (::tcgetattr(fd_, &before_) != 0) return;
  termios silent = before_;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  silent.c_lflag |= ECHONL;
  // TCSAFLUSH drops what was typed before the question: it is not the password.
  active_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
}

EchoOff::~EchoOff() {
  // What was typed meanwhile is the next command: it stays.
  if (active_) ::tcsetattr(fd_, TCSANOW, &before_);
}

SignalWatch::SignalWatch(std::function<void(int)> on_signal) {
  const sigset_t set = ending_signals();
  CHAT_CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC));
  stop_.reset(::eventfd(0, EFD_CLOEXEC));
  CHAT_CHECK(signals_ && stop_);
  thread_ = base::Thread("signals", [this, on_signal = std::move(on_signal)] { watch(on_signal); });
}

SignalWatch::~SignalWatch() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  thread_.join();
  const sigset_t set = ending_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void SignalWatch::watch(const std::function<void(int)>& on_signal) {
  for (bool first = true;; first = false) {
    pollfd fds[] = {{signals_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    while (::poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    if (fds[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
    const int number = static_cast<int>(info.ssi_signo);
    if (!first) ::_exit(128 + number);
    on_signal(number);
  }
}

}  // namespace chat::client
