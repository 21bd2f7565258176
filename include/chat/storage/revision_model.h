#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/base/ids.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

namespace chat::storage {

// A stream of messages: that of a group or, if `group` is 0, a direct one.
struct MessageStream {
  GroupId group{};
  DirectStream direct{};
};

// A row of `directmessage` or `groupmessage`, as far as recalling and editing need it.
struct RevisedRow {
  Seq seq = 0;
  UserId sender;
  std::string cid;
  UnixMillis sent_at = 0;
  std::string body;
  std::string kind;
  std::string extra;
  Seq ref = 0;
};

// The event of the same message before this one; 0: it is the first.
Seq event_before(const RevisedRow& event);

// Changes of messages that are stored. Every change of a row is made in a write transaction that
// has locked it: the messages of a group are locked with the group (GroupLifeModel::lock()). All
// rows are found by their primary keys. Calls block.
class RevisionModel {
 public:
  RevisionModel(Connection& connection, const MessageStream& stream)
      : connection_(connection), stream_(stream) {}

  // Waits for the lock. Nothing if there is no such row.
  Result<std::optional<RevisedRow>> lock(Seq seq);
  Result<std::optional<RevisedRow>> find(Seq seq);
  Result<void> overwrite(const RevisedRow& row);
  // Erases the texts of the edits up to `newest`, the newest event of a message, if it is an edit;
  // they say that their text was erased at that time.
  Result<void> erase_edits(Seq newest, UnixMillis at);

 private:
  Result<std::optional<RevisedRow>> read(std::string_view of_direct, std::string_view of_group,
                                         Seq seq);

  Connection& connection_;
  const MessageStream stream_;
};

}  // namespace chat::storage
