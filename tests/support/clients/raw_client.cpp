#include "raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <ostream>
#include <system_error>
#include <utility>

#include "secrets.h"

namespace chat::test {

namespace {

constexpr int kPresence = 200;
constexpr int kError = 100;
constexpr std::size_t kHeaderBytes = 4;

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// poll(2) on one socket; 0 at the deadline.
short wait_for(int fd, short events, int timeout_ms) {
  pollfd entry{fd, events, 0};
  const int ready = ::poll(&entry, 1, timeout_ms);
  if (ready < 0 && errno != EINTR) throw_errno("poll");
  return ready > 0 ? entry.revents : short{0};
}

base::UniqueFd connect_to(std::uint16_t port, const RawClient::Options& options) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("socket");
  if (options.receive_buffer_bytes > 0) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes,
                 sizeof options.receive_buffer_bytes);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, options.address.c_str(), &to.sin_addr) != 1) {
    throw std::runtime_error("no IPv4 address: " + options.address);
  }
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    throw_errno("connect");
  }
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

void PrintTo(Wire wire, std::ostream* out) {
  *out << to_string(wire);
}

std::string to_string(Wire wire) {
  return wire == Wire::kText ? "text" : "binary";
}

std::string frame(Wire wire, std::string_view json) {
  if (wire == Wire::kText) return std::string(json) + "\n";
  const auto size = static_cast<std::uint32_t>(json.size());
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((size >> shift) & 0xFF);
  return bytes.append(json);
}

int reply_msgid(int request_msgid) {
  if (request_msgid == 1) return 2;
  if (request_msgid == 4) return 5;
  return request_msgid + 100;
}

bool is_notice(const Json& frame) {
  return frame.value("msgid", 0) == 10 && frame.value("kind", "") == "notice";
}

bool is_push(const Json& frame) {
  const int msgid = frame.value("msgid", 0);
  return msgid == 6 || msgid == 10 || (msgid >= 200 && msgid < 300);
}

RawClient::RawClient(std::uint16_t port, Wire wire)
    : RawClient(port, Options{wire, "127.0.0.1", 0}) {}

RawClient::RawClient(std::uint16_t port, const Options& options)
    : wire_(options.wire), socket_(connect_to(port, options)) {}

std::uint16_t RawClient::local_port() const {
  sockaddr_in own{};
  socklen_t size = sizeof own;
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) {
    throw_errno("getsockname");
  }
  return ntohs(own.sin_port);
}

std::string RawClient::framed(const Json& object) const {
  note_secrets_of(object);
  return frame(wire_, object.dump());
}

void RawClient::send_raw(std::string_view bytes) {
  const Deadline deadline;
  const auto reading = static_cast<short>(take_in_while_sending_ && !ended_ ? POLLIN : 0);
  while (!bytes.empty()) {
    if (deadline.passed()) throw TimedOut("the server takes no more bytes");
    const short events =
        wait_for(socket_.get(), static_cast<short>(POLLOUT | reading), deadline.poll_timeout());
    if ((events & POLLIN) != 0 && !ended_) read_available();
    if ((events & (POLLOUT | POLLERR | POLLHUP)) == 0) continue;
    const ssize_t sent =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      throw ConnectionEnded("the connection broke while sending");
    }
  }
}

void RawClient::read_available() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) {
    bytes_.append(buffer.data(), static_cast<std::size_t>(count));
    cut_frames();
  } else if (count == 0) {
    ended_ = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    ended_ = true;
    was_reset_ = true;
  }
}

void RawClient::cut_frames() {
  std::size_t used = 0;
  while (const auto text = cut_frame(used)) {
    Json object = Json::parse(*text);
    note_secrets_of(object);
    if (!keep_presence_ && object.value("msgid", 0) == kPresence) continue;
    (is_notice(object) && !keep_notices_ ? notices_ : inbox_).push_back(std::move(object));
  }
  bytes_.erase(0, used);
}

// The frame that begins at `used`, which is advanced past it.
std::optional<std::string> RawClient::cut_frame(std::size_t& used) const {
  if (wire_ == Wire::kText) {
    const auto end = bytes_.find('\n', used);
    if (end == std::string::npos) return std::nullopt;
    return bytes_.substr(std::exchange(used, end + 1), end - used);
  }
  if (bytes_.size() - used < kHeaderBytes) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < kHeaderBytes; ++i) {
    size = size << 8U | static_cast<unsigned char>(bytes_[used + i]);
  }
  if (bytes_.size() - used - kHeaderBytes < size) return std::nullopt;
  const std::size_t begin = used + kHeaderBytes;
  used = begin + size;
  return bytes_.substr(begin, size);
}

bool RawClient::take_in(milliseconds usual) {
  if (ended_) return false;
  const Deadline deadline(usual);
  if (wait_for(socket_.get(), POLLIN, deadline.poll_timeout()) == 0) return false;
  read_available();
  return !ended_;
}

std::optional<Json> RawClient::take_waiting(std::deque<Json>& from, const Wanted& wanted) {
  for (auto it = from.begin(); it != from.end(); ++it) {
    if (!wanted(*it)) continue;
    Json found = std::move(*it);
    from.erase(it);
    return found;
  }
  return std::nullopt;
}

Json RawClient::take(std::deque<Json>& from, const Wanted& wanted, const std::string& what) {
  const Deadline deadline;
  while (true) {
    if (auto found = take_waiting(from, wanted)) return *std::move(found);
    if (ended_) throw ConnectionEnded("the connection ended before " + what);
    if (deadline.passed()) {
      throw TimedOut("no " + what + "; waiting: " + std::to_string(inbox_.size()) +
                     (inbox_.empty() ? "" : ", first: " + inbox_.front().dump().substr(0, 300)));
    }
    if (wait_for(socket_.get(), POLLIN, deadline.poll_timeout()) != 0) read_available();
  }
}

Json RawClient::receive() {
  return take([](const Json&) { return true; }, "frame");
}

Json RawClient::reply(const Json& request) {
  const int expected = reply_msgid(request.value("msgid", 0));
  const Json cid = request.contains("cid") ? request["cid"] : Json();
  const auto answers = [&](const Json& reply) {
    const int msgid = reply.value("msgid", 0);
    if (is_push(reply) || (msgid != expected && msgid != kError)) return false;
    if (!reply.contains("cid")) return msgid == expected || cid.is_null();
    return reply["cid"] == cid;
  };
  return take(answers, "reply to " + request.dump().substr(0, 300));
}

Json RawClient::request(const Json& request) {
  send(request);
  return reply(request);
}

Json RawClient::push() {
  return take(is_push, "push");
}

Json RawClient::notice() {
  return take(keep_notices_ ? inbox_ : notices_, is_notice, "event row");
}

Json RawClient::push(int msgid) {
  return take([msgid](const Json& frame) { return frame.value("msgid", 0) == msgid; },
              "push " + std::to_string(msgid));
}

std::vector<Json> RawClient::receive_to_end() {
  const Deadline deadline;
  while (!ended_) {
    if (wait_for(socket_.get(), POLLIN, deadline.poll_timeout()) != 0) read_available();
    if (!ended_ && deadline.passed()) throw TimedOut("the server does not close the connection");
  }
  std::vector<Json> frames(std::make_move_iterator(inbox_.begin()),
                           std::make_move_iterator(inbox_.end()));
  inbox_.clear();
  return frames;
}

void RawClient::expect_no_push_for(milliseconds time) {
  const auto due = std::chrono::steady_clock::now() + time;
  while (!ended_) {
    const auto left =
        std::chrono::ceil<milliseconds>(due - std::chrono::steady_clock::now()).count();
    if (left <= 0) break;
    if (wait_for(socket_.get(), POLLIN, static_cast<int>(left)) != 0) read_available();
  }
  for (const Json& frame : inbox_) EXPECT_FALSE(is_push(frame)) << "unexpected push: " << frame;
}

void RawClient::half_close() {
  ::shutdown(socket_.get(), SHUT_WR);
}

void RawClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.reset();
}

}  // namespace chat::test
