#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/base/check.h"
#include "chat/base/clock.h"
#include "chat/base/unique_fd.h"
#include "fake_server.h"

namespace chat::client::test {

// A chatclient process, on pipes or on a pseudo-terminal.
class Program {
 public:
  // kImpatientPipes: its output is non-blocking.
  enum class On { kPipes, kImpatientPipes, kTerminal };

  Program(On on, std::uint16_t port, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {std::getenv("CHATCLIENT"), "127.0.0.1", std::to_string(port)});
    for (std::string& each : arguments) argv_.push_back(each.data());
    argv_.push_back(nullptr);
    on == On::kTerminal ? start_on_terminal() : start_on_pipes(on);
  }

  ~Program() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void write(const std::string& text) {
    CHAT_CHECK(::write(input_.get(), text.data(), text.size()) ==
               static_cast<ssize_t>(text.size()));
  }
  void close_input() { input_.reset(); }
  // The terminal vanishes. It is not a controlling terminal, so there is no signal.
  void hang_up() {
    input_.reset();
    output_.reset();
    terminal_.reset();
  }
  void signal(int number) { ::kill(pid_, number); }

  // Reads until the output contains `text`; false at its end or after 10 s.
  bool wait_for(const std::string& text) {
    const auto deadline = base::system_clock().now() + std::chrono::seconds(10);
    while (output.find(text) == std::string::npos) {
      pollfd ready{output_.get(), POLLIN, 0};
      if (base::system_clock().now() > deadline || ::poll(&ready, 1, 100) < 0) return false;
      if (ready.revents != 0 && !read_some()) return false;
    }
    return true;
  }

  // The exit code; all output is in `output`.
  int finish() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // True if it ends by itself within 10 s, although nobody reads its output.
  bool ends() {
    const auto deadline = base::system_clock().now() + std::chrono::seconds(10);
    do {
      siginfo_t ended{};
      ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
      if (ended.si_pid != 0) return true;
    } while (::poll(nullptr, 0, 20) == 0 && base::system_clock().now() < deadline);
    return false;
  }

  bool echoes() const {
    termios state{};
    CHAT_CHECK(::tcgetattr(terminal_.get(), &state) == 0);
    return (state.c_lflag & ECHO) != 0;
  }

  std::string output;

 private:
  void start_on_pipes(On on) {
    int in[2];
    int out[2];
    CHAT_CHECK(::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0);
    if (on == On::kImpatientPipes) ::fcntl(out[1], F_SETFL, O_NONBLOCK);
    pid_ = ::fork();
    if (pid_ == 0) run(in[0], out[1]);
    ::close(in[0]);
    ::close(out[1]);
    input_.reset(in[1]);
    output_.reset(out[0]);
  }

  void start_on_terminal() {
    int master = -1;
    int slave = -1;
    CHAT_CHECK(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(slave, STDERR_FILENO);
      run(slave, slave);
    }
    input_.reset(::fcntl(master, F_DUPFD_CLOEXEC, 0));
    output_.reset(master);
    terminal_.reset(slave);  // kept open, so that its state outlives the program
  }

  [[noreturn]] void run(int in, int out) {
    for (const char* name : {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"}) ::unsetenv(name);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::execv(argv_[0], argv_.data());
    ::_exit(127);
  }

  bool read_some() {
    // The terminal stays open here, so that its end means the program's end.
    if (terminal_) {
      pollfd ready{output_.get(), POLLIN, 0};
      while (::poll(&ready, 1, 50) == 0) {
        siginfo_t ended{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
        if (ended.si_pid != 0) return false;
      }
    }
    char chunk[4096];
    const ssize_t count = ::read(output_.get(), chunk, sizeof chunk);
    if (count > 0) output.append(chunk, static_cast<std::size_t>(count));
    return count > 0;
  }

  std::vector<char*> argv_;
  pid_t pid_ = -1;
  base::UniqueFd input_;
  base::UniqueFd output_;
  base::UniqueFd terminal_;
};

struct Ended {
  int code;
  std::string output;
};

inline Ended run_script(std::uint16_t port, const std::string& script,
                        std::vector<std::string> arguments = {}) {
  Program program(Program::On::kPipes, port, std::move(arguments));
  program.write(script);
  program.close_input();
  const int code = program.finish();
  return {code, program.output};
}

// Answers like a server with one user; login requires the password "right1".
inline void small_server(Peer& peer) {
  std::int64_t seq = 0;
  while (const auto request = peer.next()) {
    const int msgid = (*request)["msgid"];
    json fields = {{"id", 1}, {"name", "alice"}, {"seq", msgid == 6 ? ++seq : 0}};
    if (msgid == 1 && (*request)["password"] != "right1") {
      fields = {{"errno", 1}, {"error", "failed"}, {"errmsg", "wrong account or password"}};
    }
    if (msgid == 9) fields["group"] = {{"id", 4}, {"groupname", "team"}};
    peer.send(Peer::reply_to(*request, fields));
  }
}

}  // namespace chat::client::test
