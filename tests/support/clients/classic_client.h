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

// A client as written in the course: sends compact JSON and a NUL, reads with recv(1024), parses
// the first text and drops the rest. So data sent in any other way is lost, as in the originals.
// Threading: externally synchronised.
class ClassicClient {
 public:
  explicit ClassicClient(std::uint16_t port);

  void send(const Json& object);
  void send_raw(std::string_view bytes);
  // The result of one more recv(1024). Throws TimedOut, or ConnectionEnded at the end.
  Json receive();
  // Likewise, including the texts that a real client would drop.
  std::vector<Json> receive_all();
  // Fails if anything arrives within this time.
  void expect_silence_for(milliseconds time);

  // FIN: the client will send no more.
  void half_close();
  // RST: what is on its way to the client is lost.
  void reset();

  Json register_user(const std::string& name, int msgid = 4);
  Json log_in(std::int64_t id, const std::string& name);

 private:
  bool readable(milliseconds time) const;
  base::UniqueFd socket_;
  std::string cut_off_;  // the beginning of a text, for receive_all()
};

}  // namespace chat::test
