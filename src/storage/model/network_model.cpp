#include "chat/storage/network_model.h"

#include <string>
#include <vector>

#include "storage/sql.h"

namespace chat::storage {
namespace {

constexpr sql::Text kUpsert{
    .sqlite =
        "INSERT INTO knownnetwork (userid, network, last_seen) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)",
    .mysql =
        "INSERT INTO knownnetwork (userid, network, last_seen) VALUES (?, ?, ?)"
        " ON DUPLICATE KEY UPDATE last_seen = GREATEST(last_seen, VALUES(last_seen))"};

struct Seen {
  std::string network;
  UnixMillis at = 0;
};

UnixMillis oldest(UnixMillis now) {
  return now - std::chrono::milliseconds(NetworkModel::kLifetime).count();
}

}  // namespace

Result<std::optional<UnixMillis>> NetworkModel::last_seen(UserId user, std::string_view network,
                                                          UnixMillis now) {
  auto seen = sql::read_integer(
      connection_, "SELECT last_seen FROM knownnetwork WHERE userid = ? AND network = ?", user,
      network);
  if (seen && *seen && **seen <= oldest(now)) return std::optional<UnixMillis>();
  return seen;
}

Result<void> NetworkModel::remember(UserId user, std::string_view network, UnixMillis now) {
  if (auto done = sql::write(connection_, kUpsert.in(connection_), user, network, now); !done) {
    return done;
  }
  return trim(user, network, now);
}

// Row by row, like tokens: see SessionModel::trim().
Result<void> NetworkModel::trim(UserId user, std::string_view newest, UnixMillis now) {
  const auto rows = sql::read_all(
      connection_,
      "SELECT network, last_seen FROM knownnetwork WHERE userid = ?"
      " ORDER BY last_seen DESC, network",
      [](const Statement& row) {
        return Seen{std::string(row.text(0)), row.integer(1)};
      },
      user);
  if (!rows) return fail(rows);
  std::size_t staying = 1;  // the newest is kept, whatever the clock says
  for (const Seen& row : *rows) {
    if (row.network == newest) continue;
    if (row.at > oldest(now) && staying++ < kKeptMax) continue;
    auto erased =
        sql::write(connection_, "DELETE FROM knownnetwork WHERE userid = ? AND network = ?", user,
                   std::string_view(row.network));
    if (!erased) return erased;
  }
  return {};
}

Result<void> NetworkModel::forget_all(UserId user) {
  return sql::write(connection_, "DELETE FROM knownnetwork WHERE userid = ?", user);
}

}  // namespace chat::storage
