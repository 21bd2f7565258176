#include "chat/storage/conversation_model.h"

#include "chat/base/check.h"
#include "storage/sql.h"

namespace chat::storage {
namespace {

struct ConversationSettings {
  bool pinned = false;
  bool muted = false;
  Seq hidden_seq = 0;
  Seq hidden_own_seq = 0;

  bool operator==(const ConversationSettings&) const = default;
};

struct NewestTexts {
  Seq seq = 0;
  Seq own_seq = 0;
};

constexpr std::string_view kNewestText =
    "SELECT seq FROM directmessage WHERE recipient = ? AND sender = ? AND kind IS NULL"
    " ORDER BY seq DESC LIMIT 1";
#define CHAT_INSERT_CONVERSATION                                                   \
  "INSERT INTO conversation (userid, groupid, otherid, pinned, muted, hidden_seq," \
  " hidden_own_seq) VALUES (?, ?, ?, ?, ?, ?, ?)"
constexpr sql::Text kPutConversation{
    .sqlite = CHAT_INSERT_CONVERSATION
    " ON CONFLICT DO UPDATE SET pinned = excluded.pinned, muted = excluded.muted,"
    " hidden_seq = excluded.hidden_seq, hidden_own_seq = excluded.hidden_own_seq",
    .mysql = CHAT_INSERT_CONVERSATION
    " ON DUPLICATE KEY UPDATE pinned = VALUES(pinned), muted = VALUES(muted),"
    " hidden_seq = VALUES(hidden_seq), hidden_own_seq = VALUES(hidden_own_seq)"};
#undef CHAT_INSERT_CONVERSATION

Result<NewestTexts> newest_texts(Connection& connection, const ConversationKey& key) {
  if (key.group) {
    const auto text =
        sql::read_integer(connection, "SELECT text_seq FROM allgroup WHERE id = ?", key.group);
    if (!text) return fail(text);
    return NewestTexts{text->value_or(0), 0};
  }
  const auto received = sql::read_integer(connection, kNewestText, key.user, key.with);
  if (!received) return fail(received);
  const auto sent = sql::read_integer(connection, kNewestText, key.with, key.user);
  if (!sent) return fail(sent);
  return NewestTexts{received->value_or(0), sent->value_or(0)};
}

}  // namespace

Result<bool> ConversationModel::change(const ConversationKey& key,
                                       const ConversationChange& change) {
  CHAT_CHECK(connection_.in_transaction());
  CHAT_CHECK(static_cast<bool>(key.with) != static_cast<bool>(key.group));
  const auto newest = newest_texts(connection_, key);
  if (!newest) return fail(newest);
  if (!key.group && newest->seq == 0 && newest->own_seq == 0) return false;
  const auto found = sql::read_one(
      connection_,
      "SELECT pinned, muted, hidden_seq, hidden_own_seq FROM conversation"
      " WHERE userid = ? AND groupid = ? AND otherid = ?",
      [](const Statement& row) {
        return ConversationSettings{row.integer(0) != 0, row.integer(1) != 0, row.integer(2),
                                    row.integer(3)};
      },
      key.user, key.group, key.with);
  if (!found) return fail(found);
  const ConversationSettings before = found->value_or(ConversationSettings{});
  ConversationSettings after = before;
  after.pinned = change.pinned.value_or(before.pinned);
  after.muted = change.muted.value_or(before.muted);
  if (change.hidden) after.hidden_seq = *change.hidden ? newest->seq : 0;
  if (change.hidden) after.hidden_own_seq = *change.hidden ? newest->own_seq : 0;
  if (after == before) return true;
  auto put =
      sql::write(connection_, kPutConversation.in(connection_), key.user, key.group, key.with,
                 after.pinned, after.muted, after.hidden_seq, after.hidden_own_seq);
  if (!put) return fail(put);
  return true;
}

Result<void> ConversationModel::erase_all(UserId user) {
  return sql::write(connection_, "DELETE FROM conversation WHERE userid = ?", user);
}

}  // namespace chat::storage
