#pragma once

#include <cstddef>
#include <optional>

#include "chat/base/clock.h"
#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/revision_model.h"

namespace chat::storage {

// Deletes the oldest messages of streams, for retention. Calls block.
//
// A text takes its edits with it: an edit that stays, because it is younger or near the end of the
// stream, loses its text, as if the message was recalled. A text of which an edit or the recall was
// not delivered yet stays, and so does what follows it. The newest text of a stream stays, however
// many events follow it: conversations are listed by it.
class PruneModel {
 public:
  explicit PruneModel(Connection& connection) : connection_(connection) {}

  struct Bounds {
    Seq last = 0;           // the highest seq that may be deleted
    Seq delivered = 0;      // by everybody who gets the stream; not below `last`
    UnixMillis before = 0;  // what was sent since then stays
    std::size_t limit = 0;  // of rows
    UnixMillis now = 0;     // edits lose their texts at this time
  };
  // Returns how many messages were deleted. Call inside a write transaction.
  Result<std::size_t> prune(const MessageStream& stream, const Bounds& bounds);

 private:
  Result<std::optional<Seq>> newest_text(const MessageStream& stream);
  Result<Seq> erase_edits(const MessageStream& stream, Seq last, const Bounds& bounds);
  Result<void> remove(const MessageStream& stream, Seq last);

  Connection& connection_;
};

}  // namespace chat::storage
