#include "cluster/process_mark.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "support/deadline.h"

namespace chat::cluster {
namespace {

// A process that has reported its mark and waits to be ended.
class MarkedProcess {
 public:
  MarkedProcess() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const std::string mark = mark_process("127.0.0.1:1");
      if (::write(ends[1], mark.data(), mark.size()) < 0) ::_exit(1);
      ::close(ends[1]);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    std::array<char, 1000> buffer{};
    for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
      mark_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
  }
  ~MarkedProcess() { reap(); }
  MarkedProcess(const MarkedProcess&) = delete;
  MarkedProcess& operator=(const MarkedProcess&) = delete;

  const std::string& mark() const { return mark_; }
  void kill() { ::kill(pid_, SIGKILL); }
  void reap() {
    if (pid_ <= 0) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  std::string mark_;
};

std::string with(std::string mark, const std::string& key, const std::string& value) {
  const auto begin = mark.find(key + "=") + key.size() + 1;
  const auto end = mark.find(' ', begin);
  return mark.replace(begin, end == std::string::npos ? end : end - begin, value);
}

TEST(ProcessMark, LiveProcessIsNotGone) {
  MarkedProcess process;
  EXPECT_FALSE(is_process_gone(process.mark())) << process.mark();
  EXPECT_FALSE(is_process_gone(mark_process("127.0.0.1:1")));
}

TEST(ProcessMark, ZombieAndReapedProcessAreGone) {
  MarkedProcess process;
  process.kill();
  EXPECT_TRUE(test::wait_until([&] { return is_process_gone(process.mark()); }));
  process.reap();
  EXPECT_TRUE(is_process_gone(process.mark()));
}

TEST(ProcessMark, ReusedPidIsGone) {
  MarkedProcess process;
  EXPECT_TRUE(is_process_gone(with(process.mark(), "started", "1")));
}

TEST(ProcessMark, OtherMachinesBootsAndNamespacesAreUnknown) {
  MarkedProcess process;
  process.reap();
  const std::string mark = process.mark();
  ASSERT_TRUE(is_process_gone(mark));
  EXPECT_FALSE(is_process_gone(with(mark, "place", "other-boot/1/1")));
  EXPECT_FALSE(is_process_gone(mark.substr(0, mark.find(" place="))));
  for (const char* malformed : {"", "pid", "pid=", "host=a pid=1", "place= pid=x", "pid=-1"}) {
    EXPECT_FALSE(is_process_gone(malformed)) << malformed;
  }
  EXPECT_FALSE(is_process_gone(with(mark, "pid", "0")));
  EXPECT_FALSE(is_process_gone(with(mark, "pid", "12x")));
}

TEST(ProcessMark, NoTwoMarksAreTheSame) {
  EXPECT_NE(mark_process("127.0.0.1:1"), mark_process("127.0.0.1:1"));
}

TEST(ProcessMark, DescribesTheProcessForPeople) {
  const std::string text = describe_process(mark_process("127.0.0.1:6000"));
  EXPECT_TRUE(text.starts_with("process " + std::to_string(::getpid()) + " on ")) << text;
  EXPECT_TRUE(text.ends_with(", listening on 127.0.0.1:6000")) << text;
  EXPECT_EQ(describe_process(""), "a process that does not say which it is");
}

}  // namespace
}  // namespace chat::cluster
