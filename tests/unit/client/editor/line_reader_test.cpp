#include "client/terminal/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

namespace chat::client {
namespace {

using namespace std::chrono_literals;
using Status = LineReader::Status;

class LineReaderTest : public testing::Test {
 protected:
  LineReaderTest() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    in_.reset(ends[0]);
    out_.reset(ends[1]);
  }

  void write(const std::string& text) {
    ASSERT_EQ(::write(out_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  base::UniqueFd in_;
  base::UniqueFd out_;
};

TEST_F(LineReaderTest, ReadsLinesIncludingAnUnterminatedLastOne) {
  LineReader reader(in_.get());
  write("one\n\ntwo\nthree");
  out_.reset();
  std::string line;
  for (const char* expected : {"one", "", "two", "three"}) {
    ASSERT_EQ(reader.next(line, 5s), Status::kLine);
    EXPECT_EQ(line, expected);
  }
  EXPECT_EQ(reader.next(line, 5s), Status::kEnd);
  EXPECT_EQ(reader.next(line, 5s), Status::kEnd);
}

TEST_F(LineReaderTest, DistinguishesReadErrorsFromTheEnd) {
  const base::UniqueFd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  LineReader broken(folder.get());
  std::string line;
  EXPECT_EQ(broken.next(line, 5s), Status::kEnd);
  EXPECT_EQ(broken.error(), EISDIR);
  out_.reset();
  LineReader ended(in_.get());
  EXPECT_EQ(ended.next(line, 5s), Status::kEnd);
  EXPECT_EQ(ended.error(), 0);
}

TEST_F(LineReaderTest, KeepsHalfALineOverATimeout) {
  LineReader reader(in_.get());
  std::string line;
  write("on");
  EXPECT_EQ(reader.next(line, 1ms), Status::kTimeout);
  write("e\n");
  ASSERT_EQ(reader.next(line, 5s), Status::kLine);
  EXPECT_EQ(line, "one");
}

TEST_F(LineReaderTest, WakeIsPermanent) {
  LineReader reader(in_.get());
  std::string line;
  std::thread other([&] { reader.wake(); });
  EXPECT_EQ(reader.next(line, 5s), Status::kWoken);
  other.join();
  EXPECT_EQ(reader.next(line, 5s), Status::kWoken);
  EXPECT_FALSE(reader.pause(5s));
}

TEST_F(LineReaderTest, SkipsALongLineAndReportsItOnce) {
  LineReader reader(in_.get());
  std::thread writer([&] {
    std::string input(3 * LineReader::kLineMaxBytes, 'x');
    input += "\nnext\n";
    std::size_t written = 0;
    while (written < input.size()) {
      const ssize_t count = ::write(out_.get(), input.data() + written, input.size() - written);
      ASSERT_GT(count, 0);
      written += static_cast<std::size_t>(count);
    }
  });
  std::string line;
  EXPECT_EQ(reader.next(line, 5s), Status::kTooLong);
  ASSERT_EQ(reader.next(line, 5s), Status::kLine);
  EXPECT_EQ(line, "next");
  writer.join();
}

}  // namespace
}  // namespace chat::client
