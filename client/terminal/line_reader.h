#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "chat/base/unique_fd.h"

namespace chat::client {

// Reads lines from a descriptor. Unlike std::getline, waiting can be ended by the end of the
// connection, a signal or a deadline.
// Threading: one reader; wake() from any thread. Bounds: a line has at most 64 KiB.
class LineReader {
 public:
  enum class Status {
    kLine,
    kEnd,      // of the input
    kWoken,    // wake() was called, now or earlier
    kTimeout,  // no line in time
    kTooLong,  // the line exceeds the limit and is skipped
  };
  static constexpr std::size_t kLineMaxBytes = 64 * 1024;

  // Does not own `fd`.
  explicit LineReader(int fd);

  // The next line without its LF; a last line without one counts too.
  Status next(std::string& line, std::chrono::milliseconds timeout);

  // After kEnd: the errno of the read() that ended the input; 0 for a regular end.
  int error() const { return error_; }

  // Blocks for `duration`; false when woken. Reads nothing.
  bool pause(std::chrono::milliseconds duration);

  // Permanent: every later call returns at once.
  void wake();

 private:
  bool take_line(std::string& line, Status& status);
  Status wait(std::chrono::milliseconds timeout);

  const int fd_;
  base::UniqueFd wakeup_;
  std::string buffer_;
  bool skipping_ = false;  // inside a line over the limit
  bool ended_ = false;
  int error_ = 0;
};

}  // namespace chat::client
