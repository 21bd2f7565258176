#include "client/terminal/line_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "chat/base/check.h"

namespace chat::client {
namespace {

// poll() that continues after signals; negative descriptors are ignored.
int poll_fds(pollfd* fds, nfds_t count, std::chrono::milliseconds timeout) {
  int ready = 0;
  do {
    ready = ::poll(fds, count, static_cast<int>(timeout.count()));
  } while (ready < 0 && errno == EINTR);
  return ready;
}

}  // namespace

LineReader::LineReader(int fd) : fd_(fd), wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHAT_CHECK(wakeup_);
}

LineReader::Status LineReader::next(std::string& line, std::chrono::milliseconds timeout) {
  for (;;) {
    Status status = Status::kLine;
    if (take_line(line, status)) return status;
    if (ended_) return Status::kEnd;
    status = wait(timeout);
    if (status != Status::kLine) return status;
    char chunk[4096];
    const ssize_t count = ::read(fd_, chunk, sizeof chunk);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    // An error counts as the end. EIO: the terminal is gone.
    ended_ = count <= 0;
    if (count < 0 && errno != EIO) error_ = errno;
    if (count > 0) buffer_.append(chunk, static_cast<std::size_t>(count));
  }
}

bool LineReader::take_line(std::string& line, Status& status) {
  const auto end = buffer_.find('\n');
  const bool whole = end != std::string::npos;
  const std::size_t length = whole ? end : buffer_.size();
  const bool too_long = skipping_ || length > kLineMaxBytes;
  if (!whole && !too_long && !(ended_ && length > 0)) return false;
  if (!too_long) line.assign(buffer_, 0, length);
  buffer_.erase(0, whole ? length + 1 : length);
  // Reported once; the rest of that line is skipped silently.
  const bool announce = too_long && !skipping_;
  skipping_ = too_long && !whole;
  status = too_long ? Status::kTooLong : Status::kLine;
  if (too_long && !announce) return whole && take_line(line, status);
  return true;
}

LineReader::Status LineReader::wait(std::chrono::milliseconds timeout) {
  pollfd fds[] = {{fd_, POLLIN, 0}, {wakeup_.get(), POLLIN, 0}};
  const int ready = poll_fds(fds, 2, timeout);
  if (fds[1].revents != 0) return Status::kWoken;
  return ready == 0 ? Status::kTimeout : Status::kLine;
}

bool LineReader::pause(std::chrono::milliseconds duration) {
  pollfd woken{wakeup_.get(), POLLIN, 0};
  return poll_fds(&woken, 1, duration) == 0;
}

void LineReader::wake() {
  const std::uint64_t one = 1;
  // Fails only if the counter is full, and then the reader is already awake.
  static_cast<void>(!::write(wakeup_.get(), &one, sizeof one));
}

}  // namespace chat::client
