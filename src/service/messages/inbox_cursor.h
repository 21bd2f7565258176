#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.h"

namespace chat::service {

// The place of a conversation in the list: newest first, conversations of the same time by key.
// Opaque to clients.
struct InboxCursor {
  UnixMillis time = 0;
  bool is_group = false;
  std::int32_t id = 0;

  // True if `other` comes later in the list.
  bool before(const InboxCursor& other) const;
};

// "1795911034779.u7" or "1795911034779.g3".
std::string encode(const InboxCursor& cursor);
// Nothing if the text is malformed.
std::optional<InboxCursor> decode_inbox(std::string_view text);

}  // namespace chat::service
