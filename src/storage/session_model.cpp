#include "chat/storage/session_model.h"

#include "sql.h"

namespace chat::storage {

Result<void> SessionModel::insert(std::string_view token_hash, UserId user, UnixMillis now,
                                  UnixMillis expires_at, std::size_t kept) {
  auto inserted = sql::write(
      connection_,
      "INSERT INTO session (token_hash, userid, created_at, expires_at) VALUES (?, ?, ?, ?)",
      token_hash, user, now, expires_at);
  if (!inserted) return inserted;
  auto expired = sql::write(connection_, "DELETE FROM session WHERE userid = ? AND expires_at <= ?",
                            user, now);
  if (!expired) return expired;
  // The one that was just made stays, whatever the clock says. The inner query is a table of its
  // own because MySQL takes no LIMIT in an IN; an OFFSET needs a LIMIT in either dialect.
  return sql::write(connection_,
                    "DELETE FROM session WHERE token_hash IN"
                    " (SELECT token_hash FROM"
                    "  (SELECT token_hash FROM session WHERE userid = ? AND token_hash <> ?"
                    "   ORDER BY created_at DESC, token_hash LIMIT 1000000 OFFSET ?) AS old)",
                    user, token_hash, kept - 1);
}

Result<std::optional<UserId>> SessionModel::find(std::string_view token_hash, UnixMillis now) {
  return sql::read_one(
      connection_, "SELECT userid FROM session WHERE token_hash = ? AND expires_at > ?",
      [](const Statement& row) { return sql::id<UserId>(row, 0); }, token_hash, now);
}

Result<void> SessionModel::extend(std::string_view token_hash, UnixMillis expires_at) {
  return sql::write(connection_,
                    "UPDATE session SET expires_at = ? WHERE token_hash = ? AND expires_at < ?",
                    expires_at, token_hash, expires_at);
}

Result<void> SessionModel::erase(std::string_view token_hash) {
  return sql::write(connection_, "DELETE FROM session WHERE token_hash = ?", token_hash);
}

}  // namespace chat::storage
