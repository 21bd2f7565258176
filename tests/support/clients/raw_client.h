#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/unique_fd.h"
#include "support/deadline.h"

namespace chat::test {

using Json = nlohmann::json;

// The framings of test clients (PROTOCOL.md).
enum class Wire { kText, kBinary };
std::string to_string(Wire wire);
void PrintTo(Wire wire, std::ostream* out);  // for GoogleTest
std::string frame(Wire wire, std::string_view json);

// Something expected did not arrive in time.
class TimedOut : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The server closed the connection when something else was expected.
class ConnectionEnded : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A low-level client that shares no code with the server: it implements framing and matches replies
// to requests. Every wait has a deadline and throws TimedOut.
//
// Received frames are kept in an inbox in order of arrival: receive() takes the first, reply() the
// reply to a request, push() the first push. PRESENCE pushes are dropped on arrival unless
// keep_presence() was called, because most tests do not check presence; event rows of groups are
// kept apart, for notice(), unless keep_notices() was called. Secrets in frames are recorded
// (secrets.h), except those passed to send_raw(). Threading: externally synchronised.
class RawClient {
 public:
  struct Options {
    Wire wire = Wire::kText;
    std::string address = "127.0.0.1";
    int receive_buffer_bytes = 0;  // SO_RCVBUF; 0: the kernel's choice
  };
  explicit RawClient(std::uint16_t port, Wire wire = Wire::kText);
  RawClient(std::uint16_t port, const Options& options);

  Wire wire() const { return wire_; }
  // For poll(2).
  int fd() const { return socket_.get(); }
  // The client's port, to find the connection in /proc/net/tcp.
  std::uint16_t local_port() const;

  // Writes everything, reading what arrives meanwhile (unless take_in_while_sending(false)), so
  // that a server that waits for its output to be read does not block it.
  void send_raw(std::string_view bytes);
  void send(const Json& object) { send_raw(framed(object)); }
  std::string framed(const Json& object) const;
  void take_in_while_sending(bool on) { take_in_while_sending_ = on; }
  void keep_presence() { keep_presence_ = true; }
  void keep_notices() { keep_notices_ = true; }

  // The first frame of the inbox; waits for one if empty. Throws ConnectionEnded at the end of
  // input.
  Json receive();
  // The reply to `request`, matched by its msgid, and by its cid if the request has one. ERROR
  // (msgid 100) counts as a reply; for a request with a cid only if it echoes it.
  Json reply(const Json& request);
  Json request(const Json& request);
  Json push();
  Json push(int msgid);
  // The next notice of a group; waits for one.
  Json notice();

  // Reads once, waiting for at most `usual`. False if nothing arrived.
  bool take_in(milliseconds usual);
  // Everything up to the end of input, which must arrive in time.
  std::vector<Json> receive_to_end();
  // The number of frames in the inbox.
  std::size_t waiting() const { return inbox_.size(); }
  bool ended() const { return ended_; }
  // True if the connection ended with a reset instead of a FIN.
  bool was_reset() const { return was_reset_; }

  // Fails the test if a push arrives within this time (not scaled: a longer wait would only be
  // stricter).
  void expect_no_push_for(milliseconds time);

  void half_close();
  void close() { socket_.reset(); }
  // Closes with RST; data in flight is lost.
  void reset();

 private:
  using Wanted = std::function<bool(const Json&)>;
  Json take(std::deque<Json>& from, const Wanted& wanted, const std::string& what);
  Json take(const Wanted& wanted, const std::string& what) { return take(inbox_, wanted, what); }
  static std::optional<Json> take_waiting(std::deque<Json>& from, const Wanted& wanted);
  void read_available();
  void cut_frames();
  std::optional<std::string> cut_frame(std::size_t& used) const;

  Wire wire_;
  base::UniqueFd socket_;
  std::string bytes_;       // not yet decoded into frames
  std::deque<Json> inbox_;  // frames in order of arrival
  std::deque<Json> notices_;
  bool take_in_while_sending_ = true;
  bool keep_presence_ = false;
  bool keep_notices_ = false;
  bool ended_ = false;
  bool was_reset_ = false;
};

// The msgid of the reply to a request.
int reply_msgid(int request_msgid);
bool is_push(const Json& frame);
// An event row of a group.
bool is_notice(const Json& frame);

}  // namespace chat::test
