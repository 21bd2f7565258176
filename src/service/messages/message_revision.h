#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/revision_model.h"

namespace chat::service {

inline constexpr std::string_view kRecallKind = "recall";
inline constexpr std::string_view kEditKind = "edit";

// Recalling or editing one message, inside a write transaction: open() locks it, the caller checks
// the rights and stores an event row with fields(), and recall() or edit() overwrites the message.
//
// The event's `ref` is the message. The message's `ref` is its newest event, and `prev` in the
// event's fields the one before, so all events of a message are found by their keys.
// Threading: confined to the transaction's thread. Ownership: the connection outlives it.
class MessageRevision {
 public:
  MessageRevision(storage::Connection& connection, const storage::MessageStream& stream)
      : rows_(connection, stream) {}

  // False: there is no such message.
  Result<bool> open(Seq seq);
  const storage::RevisedRow& message() const { return message_; }
  bool is_text() const { return message_.kind.empty(); }
  bool is_recalled() const;
  std::int64_t edits() const;
  // Sent more than so many seconds before `now`; never if `seconds` is 0.
  bool is_older(std::int64_t seconds, UnixMillis now) const;

  // The newest event, or the message itself if there is none.
  Result<storage::RevisedRow> newest();
  // The event with this cid, if any.
  Result<std::optional<storage::RevisedRow>> event_named(std::string_view cid);

  // The fields of the next event of this kind: messages::RevisionFields.
  std::string fields(std::string_view kind) const;
  // `event` is the event that was stored, at that time. Erases the message's text, also in the
  // events that have edited it.
  Result<void> recall(Seq event, UnixMillis at);
  Result<void> edit(Seq event, UnixMillis at, std::string text);

 private:
  storage::RevisionModel rows_;
  storage::RevisedRow message_;
};

}  // namespace chat::service
