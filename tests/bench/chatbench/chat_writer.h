#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "client/core/contacts.h"
#include "client/load/frame_codec.h"

namespace chat::bench {

using client::Target;

// Makes chats of one size. Threading: immutable after construction.
class ChatWriter {
 public:
  ChatWriter(std::size_t text_bytes, bool to_relay);

  void append(std::string& out, UserId sender, Target target,
              const client::load::MessageId& id) const;

 private:
  void append_to_relay(std::string& out, UserId sender, Target target,
                       const client::load::MessageId& id) const;

  std::string text_;  // with its key
  bool to_relay_;
};

// The frames that register a client, or a group, with the relay.
std::string relay_hello(std::uint32_t user);
std::string relay_group(std::uint32_t group, std::uint32_t first_member, std::uint32_t members);

}  // namespace chat::bench
