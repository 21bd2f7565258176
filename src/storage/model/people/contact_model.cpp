#include "chat/storage/contact_model.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "chat/base/check.h"
#include "chat/storage/block_model.h"
#include "chat/storage/friend_model.h"
#include "chat/storage/transact.h"
#include "storage/sql_in.h"

namespace chat::storage {
namespace {

// SQLite: the write transaction itself is the lock. A deleted account has no password.
#define CHAT_LOCK_CONTACTS                                      \
  "SELECT id, name, state, who_may_add, who_may_chat FROM user" \
  " WHERE id IN (?, ?) AND password <> '' ORDER BY id"
constexpr sql::Text kLock{.sqlite = CHAT_LOCK_CONTACTS, .mysql = CHAT_LOCK_CONTACTS " FOR UPDATE"};
#undef CHAT_LOCK_CONTACTS

WhoMayAdd who_may_add_of(std::string_view word) {
  if (word == "nobody") return WhoMayAdd::kNobody;
  return word == "approval" ? WhoMayAdd::kApproval : WhoMayAdd::kAnyone;
}

Contact to_contact(const Statement& row) {
  return {sql::id<UserId>(row, 0), std::string(row.text(1)), row.text(2) == "online",
          who_may_add_of(row.text(3)), row.text(4) == "friends"};
}

template <typename T>
bool contains(const std::vector<T>& sorted, const T& item) {
  return std::binary_search(sorted.begin(), sorted.end(), item);
}

}  // namespace

Result<std::optional<ContactPair>> ContactModel::lock(UserId self, UserId other) {
  CHAT_CHECK(connection_.in_transaction());
  const auto began = std::chrono::steady_clock::now();
  auto rows = sql::read_all(connection_, kLock.in(connection_), to_contact, self, other);
  if (!rows) return fail(rows);
  if (auto in_time = refuse_if_late(began); !in_time) return fail(in_time);
  if (rows->size() != 2) return std::optional<ContactPair>();
  if (rows->front().id != self) std::swap(rows->front(), rows->back());
  return ContactPair{std::move(rows->front()), std::move(rows->back())};
}

Result<std::optional<WhoMayAdd>> ContactModel::who_may_add(UserId user) {
  return sql::read_one(
      connection_, "SELECT who_may_add FROM user WHERE id = ? AND password <> ''",
      [](const Statement& row) { return who_may_add_of(row.text(0)); }, user);
}

Result<void> ContactModel::bump(UserId user) {
  return sql::write(connection_, "UPDATE user SET contact_rev = contact_rev + 1 WHERE id = ?",
                    user);
}

Result<std::vector<ChatRight>> ContactModel::chat_rights(std::span<const DirectStream> streams) {
  std::vector<Block> directions;
  std::vector<UserId> recipients;
  for (const DirectStream& stream : streams) {
    directions.push_back({stream.sender, stream.recipient});
    directions.push_back({stream.recipient, stream.sender});
    recipients.push_back(stream.recipient);
  }
  const auto blocks = BlockModel(connection_).among(directions);
  if (!blocks) return fail(blocks);
  auto friends_only =
      sql::read_in(connection_, "SELECT id FROM user WHERE who_may_chat = 'friends' AND id IN",
                   std::span<const UserId>(recipients), "",
                   [](const Statement& row) { return sql::id<UserId>(row, 0); });
  if (!friends_only) return fail(friends_only);
  std::sort(friends_only->begin(), friends_only->end());
  std::vector<Watch> asked;
  for (const DirectStream& stream : streams) {
    if (contains(*friends_only, stream.recipient))
      asked.push_back({stream.recipient, stream.sender});
  }
  const auto friends = FriendModel(connection_).among(asked);
  if (!friends) return fail(friends);
  std::vector<ChatRight> rights;
  for (const auto& [recipient, sender] : streams) {
    ChatRight right = ChatRight::kYes;
    const bool asks = sender != recipient && contains(*friends_only, recipient);
    if (asks && !contains(*friends, Watch{recipient, sender})) right = ChatRight::kNo;
    if (contains(*blocks, Block{recipient, sender})) right = ChatRight::kNo;
    if (contains(*blocks, Block{sender, recipient})) right = ChatRight::kOwnBlock;
    rights.push_back(right);
  }
  return rights;
}

Result<std::vector<UserId>> ContactModel::restricted(std::span<const UserId> users) {
  auto found =
      sql::read_in(connection_, "SELECT id FROM user WHERE contact_rev > 0 AND id IN", users, "",
                   [](const Statement& row) { return sql::id<UserId>(row, 0); });
  if (found) std::sort(found->begin(), found->end());
  return found;
}

}  // namespace chat::storage
