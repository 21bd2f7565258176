#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "chat/base/unique_fd.h"
#include "raw_client.h"
#include "support/deadline.h"

namespace chat::test {

// A client as hundreds of students have written it: compact JSON and a NUL out; recv(1024) in, of
// which it parses the first text and drops the rest. What the server sends in any other way than
// it expects is lost here, as it is there.
// Threading: externally synchronised.
class ClassicClient {
 public:
  explicit ClassicClient(std::uint16_t port);

  void send(const Json& object);
  void send_raw(std::string_view bytes);
  // What one more recv(1024) brings. Throws TimedOut, or ConnectionEnded at the end.
  Json receive();
  // Likewise, with the texts that a starved client would drop: what reached the machine.
  std::vector<Json> receive_all();
  // Nothing comes within this time.
  void expect_silence_for(milliseconds time);

  // FIN: the client will send no more.
  void half_close();

  Json register_user(const std::string& name, int msgid = 4);
  Json log_in(std::int64_t id, const std::string& name);

 private:
  bool readable(milliseconds time) const;
  base::UniqueFd socket_;
  std::string cut_off_;  // the begin of a text, for receive_all()
};

}  // namespace chat::test
