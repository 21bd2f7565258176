#include "chat/storage/session_model.h"

#include <string>
#include <utility>

#include "storage/sql_in.h"

namespace chat::storage {

Result<void> SessionModel::insert(std::string_view token_hash, UserId user, UnixMillis now,
                                  UnixMillis expires_at, std::size_t kept) {
  auto inserted = sql::write(
      connection_,
      "INSERT INTO session (token_hash, userid, created_at, expires_at) VALUES (?, ?, ?, ?)",
      token_hash, user, now, expires_at);
  if (!inserted) {
    if (inserted.error().code != ErrorCode::kConflict) return inserted;
    // Tokens are random, so an existing one was stored by an earlier attempt of the same login.
    const auto present = sql::read_integer(
        connection_, "SELECT 1 FROM session WHERE token_hash = ? AND userid = ?", token_hash, user);
    if (!present) return fail(present);
    if (!present->has_value()) return inserted;
  }
  return trim(token_hash, user, now, kept);
}

Result<std::vector<Token>> SessionModel::all_of(UserId user) {
  return sql::read_all(
      connection_,
      "SELECT token_hash, created_at, expires_at FROM session WHERE userid = ?"
      " ORDER BY created_at DESC, token_hash",
      [](const Statement& row) {
        return Token{std::string(row.text(0)), row.integer(1), row.integer(2)};
      },
      user);
}

Result<std::vector<Token>> SessionModel::list(UserId user, UnixMillis now) {
  auto tokens = all_of(user);
  if (tokens) std::erase_if(*tokens, [now](const auto& token) { return token.expires_at <= now; });
  return tokens;
}

// Finds the rows first and deletes them one by one: a DELETE with a range could deadlock with
// concurrent inserts.
Result<void> SessionModel::trim(std::string_view newest, UserId user, UnixMillis now,
                                std::size_t kept) {
  const auto tokens = all_of(user);
  if (!tokens) return fail(tokens);
  std::size_t staying = 1;  // the new one is kept, whatever the clock says
  for (const Token& token : *tokens) {
    if (token.token_hash == newest) continue;
    if (token.expires_at > now && staying++ < kept) continue;
    if (auto erased = erase(token.token_hash); !erased) return erased;
  }
  return {};
}

Result<std::size_t> SessionModel::erase_others(UserId user, std::string_view kept) {
  const auto tokens = all_of(user);
  if (!tokens) return fail(tokens);
  std::size_t gone = 0;
  for (const Token& token : *tokens) {
    if (token.token_hash == kept) continue;
    if (auto erased = erase(token.token_hash); !erased) return fail(erased);
    ++gone;
  }
  return gone;
}

Result<std::vector<TokenOwner>> SessionModel::owners(std::span<const std::string> token_hashes,
                                                     UnixMillis now) {
  auto owners = sql::read_in(connection_,
                             "SELECT s.token_hash, s.expires_at, u.id, u.name, u.password"
                             " FROM session s JOIN user u ON u.id = s.userid"
                             " WHERE s.token_hash IN",
                             token_hashes, "", [](const Statement& row) {
                               return TokenOwner{std::string(row.text(0)), row.integer(1),
                                                 sql::id<UserId>(row, 2), std::string(row.text(3)),
                                                 std::string(row.text(4))};
                             });
  if (owners) std::erase_if(*owners, [now](const auto& owner) { return owner.expires_at <= now; });
  return owners;
}

Result<std::vector<std::string>> SessionModel::existing(std::span<const std::string> token_hashes) {
  return sql::read_in(connection_, "SELECT token_hash FROM session WHERE token_hash IN",
                      token_hashes, "",
                      [](const Statement& row) { return std::string(row.text(0)); });
}

Result<void> SessionModel::extend(std::span<const std::string> token_hashes,
                                  UnixMillis expires_at) {
  return sql::write_in(connection_,
                       "UPDATE session SET expires_at = ? WHERE expires_at < ? AND token_hash IN",
                       token_hashes, expires_at, expires_at);
}

Result<void> SessionModel::erase(std::string_view token_hash) {
  return sql::write(connection_, "DELETE FROM session WHERE token_hash = ?", token_hash);
}

}  // namespace chat::storage
