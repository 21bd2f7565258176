#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.h"

namespace chat::service {

// The position of a reader of HISTORY: the next page holds the messages before these seqs. A direct
// conversation has two streams, a group one (`sent` is then 0). Opaque to clients.
struct HistoryCursor {
  Seq received = 0;
  Seq sent = 0;
};

// "u7.120.98" or "g3.45": the conversation is included, so that the cursor cannot be used for
// another.
std::string encode(UserId with, const HistoryCursor& cursor);
std::string encode(GroupId group, const HistoryCursor& cursor);
// Nothing if the text is malformed or of another conversation.
std::optional<HistoryCursor> decode(std::string_view text, UserId with);
std::optional<HistoryCursor> decode(std::string_view text, GroupId group);

}  // namespace chat::service
