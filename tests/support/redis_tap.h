#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/base/unique_fd.h"
#include "support/deadline.h"

namespace chat::test {

// Notes everything that is published on a Redis server, and publishes it again: what a network does
// that holds messages back. Listens from its construction on.
// Threading: externally synchronised.
class RedisTap {
 public:
  struct Message {
    std::string channel;
    std::string payload;
  };

  explicit RedisTap(const std::string& socket);

  // What was published since the last call, or is within `time`, in order.
  std::vector<Message> take(milliseconds time = milliseconds{300});
  // Returns once the server has passed it on.
  void publish(const Message& message);

 private:
  static void send(const base::UniqueFd& fd, const std::vector<std::string_view>& words);
  bool cut_message(std::vector<Message>& messages);

  base::UniqueFd listener_;
  base::UniqueFd publisher_;
  std::string received_;  // by the listener, and not cut into messages yet
};

}  // namespace chat::test
