#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/base/unique_fd.h"
#include "support/deadline.h"

namespace chat::test {

// Records everything published on a Redis server and can publish it again, like a network that
// delays messages. Listens from construction on.
// Threading: externally synchronised.
class RedisTap {
 public:
  struct Message {
    std::string channel;
    std::string payload;
  };

  explicit RedisTap(const std::string& socket);

  // The messages published since the last call or within `time`, in order.
  std::vector<Message> take(milliseconds time = milliseconds{300});
  // Returns once the server has delivered it.
  void publish(const Message& message);

 private:
  static void send(const base::UniqueFd& fd, const std::vector<std::string_view>& words);
  bool cut_message(std::vector<Message>& messages);

  base::UniqueFd listener_;
  base::UniqueFd publisher_;
  std::string received_;  // by the listener, not yet parsed
};

}  // namespace chat::test
