#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/storage/database.h"
#include "chat/storage/revision_model.h"
#include "chat/storage/values.h"
#include "service/dispatch/fault.h"
#include "service/messages/message_revision.h"

namespace chat::service {

// What a user wants done to a message.
struct RevisionWish {
  Seq seq = 0;
  std::optional<std::string> text{};  // the new one; nothing: recall

  std::string_view kind() const { return text ? kEditKind : kRecallKind; }
};

// Until when members may do it; 0: for ever.
struct RevisionLimits {
  std::int64_t recall_seconds = 0;
  std::int64_t edit_seconds = 0;
};

// What a reply tells of the event.
struct ToldEvent {
  Seq seq = 0;
  UnixMillis ts = 0;
};

tl::unexpected<Fault> no_such_message();
// Why it can't be done to this message, or not any more.
Outcome<void> check_message(const MessageRevision& revision, const RevisionWish& wish);
Outcome<void> check_age(const MessageRevision& revision, const RevisionWish& wish,
                        const RevisionLimits& limits, UnixMillis now);
// True: the message is as wanted already.
bool holds_already(const MessageRevision& revision, const RevisionWish& wish);
// Overwrites the message once the event is stored.
Outcome<void> carry_out(MessageRevision& revision, const RevisionWish& wish, Seq event,
                        UnixMillis at);

// One recall or edit in a direct stream, by its sender.
struct DirectAct {
  storage::DirectStream stream;
  std::string sender_name;
  std::string cid;  // names the act: an attempt that was committed is recognised by it
  RevisionWish wish;
};

// The event that stands for the act, in the state of the table.
struct DirectChange {
  storage::DirectMessage event;
  bool is_own = false;  // this act's: otherwise what was wanted held already
};

// Runs inside a write transaction. The event's seq is guarded by the primary key, as the journal's
// are: an error of kind kBusy if the journal was faster, which another attempt resolves; and a
// stale cache of the journal, on any node, meets the event in the same way.
Outcome<DirectChange> revise_direct(storage::Connection& connection, const DirectAct& act,
                                    const RevisionLimits& limits, UnixMillis now, bool repeated);

// The event of an act whose outcome was unknown; nothing if it was not committed.
Result<std::optional<storage::DirectMessage>> find_event(storage::Connection& connection,
                                                         const DirectAct& act);

}  // namespace chat::service
