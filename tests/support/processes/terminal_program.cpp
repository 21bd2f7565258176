#include "terminal_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace chat::test {
namespace {

constexpr int kLookMs = 50;

[[noreturn]] void become(const std::vector<std::string>& argv,
                         const std::vector<std::string>& environment) {
  // The kernel kills it with the thread that started it, even if the test crashes.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setenv("TERM", "xterm", 1);
  for (const char* name : {"NO_COLOR", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"})
    ::unsetenv(name);
  for (const std::string& each : environment) ::putenv(const_cast<char*>(each.c_str()));
  std::vector<char*> pointers;
  for (const std::string& each : argv) pointers.push_back(const_cast<char*>(each.c_str()));
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

}  // namespace

TerminalProgram::TerminalProgram(const std::vector<std::string>& argv,
                                 const std::vector<std::string>& environment) {
  const winsize size{40, 120, 0, 0};
  int terminal = -1;
  pid_ = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error(std::string("forkpty: ") + std::strerror(errno));
  if (pid_ == 0) become(argv, environment);
  terminal_.reset(terminal);
  ::fcntl(terminal, F_SETFL, ::fcntl(terminal, F_GETFL) | O_NONBLOCK);
}

TerminalProgram::~TerminalProgram() {
  if (::testing::Test::HasFailure()) std::printf("--- the screen was:\n%s\n", screen_.c_str());
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

// Reads output while typing; otherwise both sides could block each other.
void TerminalProgram::type(const std::string& text) {
  const Deadline deadline;
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t count = ::write(terminal_.get(), rest.data(), rest.size());
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EAGAIN) {
      throw std::runtime_error(std::string("typing: ") + std::strerror(errno));
    }
    if (deadline.passed()) throw std::runtime_error("typing: nobody reads");
    if (!rest.empty()) read_some(1);
  }
}

void TerminalProgram::resize(int rows, int columns) {
  const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
  if (::ioctl(terminal_.get(), TIOCSWINSZ, &size) != 0) throw std::runtime_error("TIOCSWINSZ");
}

void TerminalProgram::signal(int number) {
  ::kill(pid_, number);
}

// A thread sets its name shortly after it has begun.
void TerminalProgram::signal_thread(const std::string& name, int number) {
  const auto threads = "/proc/" + std::to_string(pid_) + "/task";
  const auto signal_it = [&] {
    for (const auto& each : std::filesystem::directory_iterator(threads)) {
      std::string its_name;
      std::getline(std::ifstream(each.path() / "comm") >> std::ws, its_name);
      if (its_name != name) continue;
      return ::tgkill(pid_, std::stoi(each.path().filename()), number) == 0;
    }
    return false;
  };
  if (!wait_until(signal_it)) throw std::runtime_error("no thread " + name);
}

bool TerminalProgram::echoes() const {
  termios state{};
  if (::tcgetattr(terminal_.get(), &state) != 0) throw std::runtime_error("tcgetattr");
  return (state.c_lflag & ECHO) != 0;
}

bool TerminalProgram::wait_for(const std::string& text, milliseconds usual) {
  const Deadline deadline(usual);
  for (;;) {
    const auto at = screen_.find(text, found_);
    if (at != std::string::npos) {
      found_ = at + text.size();
      return true;
    }
    if (deadline.passed() || !read_some(deadline.poll_timeout())) return false;
  }
}

std::size_t TerminalProgram::count(const std::string& text) {
  while (read_some(0)) {
  }
  std::size_t count = 0;
  for (auto at = screen_.find(text); at != std::string::npos; at = screen_.find(text, at + 1)) {
    ++count;
  }
  return count;
}

std::optional<int> TerminalProgram::wait_exit(milliseconds usual) {
  const Deadline deadline(usual);
  for (int status = 0; !deadline.passed(); read_some(kLookMs)) {
    if (::waitpid(pid_, &status, WNOHANG) != pid_) continue;
    pid_ = -1;
    while (read_some(0)) {  // its last output may be unread
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return std::nullopt;
}

// False if nothing arrived in time, or the program has closed its terminal.
bool TerminalProgram::read_some(int timeout_ms) {
  pollfd ready{terminal_.get(), POLLIN, 0};
  if (::poll(&ready, 1, timeout_ms) <= 0) return false;
  char chunk[4096];
  const ssize_t count = ::read(terminal_.get(), chunk, sizeof chunk);
  if (count <= 0) return false;
  raw_.append(chunk, static_cast<std::size_t>(count));
  append_plain({chunk, static_cast<std::size_t>(count)});
  return true;
}

// Leaves out ESC [ … letter and ESC with one character (ECMA-48).
void TerminalProgram::append_plain(std::string_view bytes) {
  for (const char c : bytes) {
    if (escape_ == Escape::kNone && c != '\x1b') screen_ += c;
    if (escape_ == Escape::kSequence) {
      if (c >= '@' && c <= '~') escape_ = Escape::kNone;
    } else if (escape_ == Escape::kBegun) {
      escape_ = c == '[' ? Escape::kSequence : Escape::kNone;
    } else if (c == '\x1b') {
      escape_ = Escape::kBegun;
    }
  }
}

}  // namespace chat::test
