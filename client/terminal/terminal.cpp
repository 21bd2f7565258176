#include "client/terminal/terminal.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "chat/base/check.h"
#include "client/terminal/terminal_mode.h"

namespace chat::client {
namespace {

[[noreturn]] void end_now(int number) {
  restore_terminal();
  ::_exit(128 + number);
}

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : numbers) ::sigaddset(&set, number);
  return set;
}

// Signals ignored by the parent stay ignored (nohup; background jobs of a script), so they are not
// watched: blocked signals would be queued even if ignored.
sigset_t watched(const SignalActions& actions) {
  sigset_t set = actions.suspend ? set_of({SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH})
                                 : set_of({SIGINT, SIGTERM, SIGHUP});
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP}) {
    struct sigaction action {};
    ::sigaction(number, nullptr, &action);
    if (action.sa_handler == SIG_IGN) ::sigdelset(&set, number);
  }
  return set;
}

}  // namespace

bool is_dumb_terminal() {
  const char* const term = std::getenv("TERM");
  return term != nullptr && std::string_view(term) == "dumb";
}

bool on_terminal() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

bool wants_color(int fd, ColorWhen when) {
  if (when != ColorWhen::kAuto) return when == ColorWhen::kAlways;
  const char* const no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (std::getenv("TERM") == nullptr || is_dumb_terminal()) return false;
  return ::isatty(fd) == 1;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {
      pollfd output{fd, POLLOUT, 0};
      ::poll(&output, 1, -1);
    } else if (count == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

SignalWatch::SignalWatch(SignalActions actions) : actions_(std::move(actions)) {
  const sigset_t set = watched(actions_);
  CHAT_CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC));
  stop_.reset(::eventfd(0, EFD_CLOEXEC));
  CHAT_CHECK(signals_ && stop_);
  thread_ = base::Thread("signals", [this] { watch(); });
}

SignalWatch::~SignalWatch() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  thread_.join();
  const sigset_t set = watched(actions_);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void SignalWatch::watch() {
  const auto patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
  for (;;) {
    pollfd fds[] = {{signals_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    const int ready = ::poll(fds, 2, ending_ == 0 ? -1 : patience);
    if (fds[1].revents != 0) return;
    if (ready < 0) continue;
    signalfd_siginfo info{};
    const bool came = ready > 0 && ::read(signals_.get(), &info, sizeof info) == sizeof info;
    if (came) take(static_cast<int>(info.ssi_signo));
    if (ready == 0) end_now(ending_);
  }
}

void SignalWatch::take(int number) {
  switch (number) {
    case SIGTSTP: return stop_process();
    case SIGCONT: return actions_.resume();
    case SIGWINCH: return actions_.resize();
    default: break;
  }
  if (std::exchange(ending_, number) != 0) end_now(number);
  actions_.end(number);
}

// Stops the process as the signal would, but restores the terminal first.
void SignalWatch::stop_process() {
  actions_.suspend();
  const sigset_t set = set_of({SIGTSTP});
  ::raise(SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);  // the process stops here
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // SIGCONT is received like any other signal; it does not arrive if the kernel did not stop the
  // process because nothing could continue it.
  sigset_t pending;
  ::sigemptyset(&pending);
  ::sigpending(&pending);
  if (::sigismember(&pending, SIGCONT) == 0) actions_.resume();
}

}  // namespace chat::client
