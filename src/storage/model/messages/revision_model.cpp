#include "chat/storage/revision_model.h"

#include <charconv>
#include <string>
#include <utility>

#include "chat/base/check.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

// The fields of an event are numbers and nothing else, so their text is searched.
constexpr std::string_view kPrev = "\"prev\":";
constexpr std::string_view kRecalled = "\"recalled\":";

std::string with_recalled(std::string fields, UnixMillis at) {
  if (fields.size() < 2 || fields.find(kRecalled) != std::string::npos) return fields;
  fields.pop_back();
  if (fields.back() != '{') fields.push_back(',');
  return fields.append(kRecalled).append(std::to_string(at)).append("}");
}

#define CHAT_REVISED_COLUMNS "SELECT seq, sender, cid, sent_at, body, kind, extra, ref"
#define CHAT_REVISED_DIRECT \
  CHAT_REVISED_COLUMNS " FROM directmessage WHERE recipient = ? AND sender = ? AND seq = ?"
#define CHAT_REVISED_IN_GROUP \
  CHAT_REVISED_COLUMNS " FROM groupmessage WHERE groupid = ? AND seq = ?"
// SQLite: the write transaction itself is the lock. A group is locked by the caller, but retention
// does not lock it.
constexpr sql::Text kLockDirect{.sqlite = CHAT_REVISED_DIRECT,
                                .mysql = CHAT_REVISED_DIRECT " FOR UPDATE"};
constexpr sql::Text kLockInGroup{.sqlite = CHAT_REVISED_IN_GROUP,
                                 .mysql = CHAT_REVISED_IN_GROUP " FOR UPDATE"};
constexpr std::string_view kFindDirect = CHAT_REVISED_DIRECT;
constexpr std::string_view kFindInGroup = CHAT_REVISED_IN_GROUP;
#undef CHAT_REVISED_IN_GROUP
#undef CHAT_REVISED_DIRECT
#undef CHAT_REVISED_COLUMNS

RevisedRow to_revised(const Statement& row) {
  RevisedRow revised{row.integer(0),
                     sql::id<UserId>(row, 1),
                     std::string(row.text(2)),
                     row.integer(3),
                     std::string(row.text(4)),
                     {},
                     {},
                     0};
  if (!row.is_null(5)) revised.kind = row.text(5);
  if (!row.is_null(6)) revised.extra = row.text(6);
  if (!row.is_null(7)) revised.ref = row.integer(7);
  return revised;
}

}  // namespace

Seq event_before(const RevisedRow& event) {
  const auto found = event.extra.find(kPrev);
  if (found == std::string::npos) return 0;
  Seq seq = 0;
  const char* const digits = event.extra.data() + found + kPrev.size();
  std::from_chars(digits, event.extra.data() + event.extra.size(), seq);
  return seq < event.seq ? seq : 0;
}

Result<std::optional<RevisedRow>> RevisionModel::lock(Seq seq) {
  CHAT_CHECK(connection_.in_transaction());
  return read(kLockDirect.in(connection_), kLockInGroup.in(connection_), seq);
}

Result<std::optional<RevisedRow>> RevisionModel::find(Seq seq) {
  return read(kFindDirect, kFindInGroup, seq);
}

Result<std::optional<RevisedRow>> RevisionModel::read(std::string_view of_direct,
                                                      std::string_view of_group, Seq seq) {
  if (stream_.group) {
    return sql::read_one(connection_, of_group, to_revised, stream_.group, seq);
  }
  return sql::read_one(connection_, of_direct, to_revised, stream_.direct.recipient,
                       stream_.direct.sender, seq);
}

Result<void> RevisionModel::overwrite(const RevisedRow& row) {
  CHAT_CHECK(connection_.in_transaction());
  if (stream_.group) {
    return sql::write(
        connection_,
        "UPDATE groupmessage SET body = ?, extra = ?, ref = ? WHERE groupid = ? AND seq = ?",
        row.body, row.extra, row.ref, stream_.group, row.seq);
  }
  return sql::write(connection_,
                    "UPDATE directmessage SET body = ?, extra = ?, ref = ?"
                    " WHERE recipient = ? AND sender = ? AND seq = ?",
                    row.body, row.extra, row.ref, stream_.direct.recipient, stream_.direct.sender,
                    row.seq);
}

Result<void> RevisionModel::erase_edits(Seq newest, UnixMillis at) {
  for (Seq seq = newest; seq != 0;) {
    auto edit = find(seq);
    if (!edit) return fail(edit);
    if (!*edit || (*edit)->kind != "edit") break;
    (*edit)->body.clear();
    (*edit)->extra = with_recalled(std::move((*edit)->extra), at);
    if (auto erased = overwrite(**edit); !erased) return erased;
    seq = event_before(**edit);
  }
  return {};
}

}  // namespace chat::storage
