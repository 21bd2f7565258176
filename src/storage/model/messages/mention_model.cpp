#include "chat/storage/mention_model.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>
#include <tuple>

#include "chat/base/check.h"
#include "storage/model/row_insert.h"
#include "storage/sql.h"
#include "storage/sql_in.h"

namespace chat::storage {
namespace {

constexpr RowInsert kInsertMention{"INSERT INTO mention (userid, groupid, seq) VALUES ", 3};
constexpr std::size_t kNamesPerStatement = 64;

}  // namespace

Result<void> MentionModel::insert(std::span<const Mention> mentions) {
  CHAT_CHECK(connection_.in_transaction());
  return insert_rows(connection_, kInsertMention, mentions, [](const Mention& mention) {
    return std::tie(mention.user, mention.group, mention.seq);
  });
}

Result<UnixMillis> MentionModel::last_of_all(GroupId group) {
  const auto found =
      sql::read_integer(connection_,
                        "SELECT m.sent_at FROM mention a JOIN groupmessage m ON m.groupid = "
                        "a.groupid AND m.seq = a.seq"
                        " WHERE a.userid = 0 AND a.groupid = ? ORDER BY a.seq DESC LIMIT 1",
                        group);
  if (!found) return fail(found);
  return found->value_or(0);
}

// Index lookups, as sql::read_pairs() for two ids.
Result<std::vector<MessageName>> MentionModel::texts_among(std::span<const MessageName> messages) {
  std::vector<MessageName> found;
  while (!messages.empty()) {
    const auto part = messages.first(std::min(messages.size(), kNamesPerStatement));
    messages = messages.subspan(part.size());
    const std::size_t places = std::bit_ceil(part.size());
    std::string text = "SELECT recipient, sender, seq FROM directmessage WHERE kind IS NULL AND";
    for (std::size_t i = 0; i < places; ++i) {
      text.append(i == 0 ? " (" : " OR ").append("(recipient = ? AND sender = ? AND seq = ?)");
    }
    auto prepared = connection_.prepare(text.append(")"));
    if (!prepared) return fail(prepared);
    StatementScope statement(**prepared);
    for (std::size_t i = 0; i < places; ++i) {
      const MessageName& name = part[std::min(i, part.size() - 1)];
      bind_row(*statement, static_cast<int>(3 * i),
               std::tie(name.recipient, name.sender, name.seq));
    }
    for (;;) {
      const auto row = statement->step();
      if (!row) return fail(row);
      if (!*row) break;
      found.push_back({{},
                       sql::id<UserId>(*statement, 0),
                       sql::id<UserId>(*statement, 1),
                       statement->integer(2)});
    }
  }
  return found;
}

}  // namespace chat::storage
