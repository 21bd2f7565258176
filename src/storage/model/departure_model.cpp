#include "chat/storage/departure_model.h"

#include "storage/sql.h"

namespace chat::storage {
namespace {

#define CHAT_ADD_DEPARTURE \
  "INSERT INTO departure (userid, name, cid, created_at) VALUES (?, ?, ?, ?)"
constexpr sql::Text kAddDeparture{
    .sqlite = CHAT_ADD_DEPARTURE " ON CONFLICT DO NOTHING",
    .mysql = CHAT_ADD_DEPARTURE " ON DUPLICATE KEY UPDATE userid = userid"};
#undef CHAT_ADD_DEPARTURE

Departure to_departure(const Statement& row) {
  return {sql::id<UserId>(row, 0), std::string(row.text(1)), std::string(row.text(2))};
}

}  // namespace

Result<void> DepartureModel::add(const Departure& departure, UnixMillis now) {
  return sql::write(connection_, kAddDeparture.in(connection_), departure.user,
                    std::string_view(departure.name), std::string_view(departure.cid), now);
}

Result<std::optional<Departure>> DepartureModel::find(UserId user) {
  return sql::read_one(connection_, "SELECT userid, name, cid FROM departure WHERE userid = ?",
                       to_departure, user);
}

// The table is empty nearly always, and never large.
Result<std::vector<Departure>> DepartureModel::some(UnixMillis before, std::size_t limit) {
  return sql::read_all(
      connection_,
      "SELECT userid, name, cid FROM departure WHERE created_at < ? ORDER BY userid LIMIT ?",
      to_departure, before, limit);
}

Result<void> DepartureModel::erase(UserId user) {
  return sql::write(connection_, "DELETE FROM departure WHERE userid = ?", user);
}

}  // namespace chat::storage
