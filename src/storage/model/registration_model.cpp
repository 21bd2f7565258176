#include "chat/storage/registration_model.h"

#include "storage/sql.h"

namespace chat::storage {
namespace {

constexpr sql::Text kMode{
    .sqlite = "SELECT value FROM setting WHERE name = 'registration'",
    .mysql = "SELECT value FROM setting WHERE name = 'registration' LOCK IN SHARE MODE"};
constexpr sql::Text kSetMode{.sqlite =
                                 "INSERT INTO setting (name, value) VALUES ('registration', ?)"
                                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                             .mysql =
                                 "INSERT INTO setting (name, value) VALUES ('registration', ?)"
                                 " ON DUPLICATE KEY UPDATE value = VALUES(value)"};
constexpr sql::Text kAddCode{
    .sqlite =
        "INSERT INTO registrationcode (code_hash, expires_at, uses_left) VALUES (?, ?, ?)"
        " ON CONFLICT (code_hash) DO NOTHING",
    .mysql =
        "INSERT INTO registrationcode (code_hash, expires_at, uses_left) VALUES (?, ?, ?)"
        " ON DUPLICATE KEY UPDATE code_hash = code_hash"};

}  // namespace

Result<RegistrationMode> RegistrationModel::mode() {
  return read_mode(kMode.sqlite);
}

Result<RegistrationMode> RegistrationModel::mode_locked() {
  return read_mode(kMode.in(connection_));
}

Result<RegistrationMode> RegistrationModel::read_mode(std::string_view sql) {
  const auto word = sql::read_one(connection_, sql,
                                  [](const Statement& row) { return std::string(row.text(0)); });
  if (!word) return fail(word);
  if (!*word) return RegistrationMode::kOpen;
  const auto mode = registration_mode(**word);
  if (!mode) return fail(ErrorCode::kInternal, "the setting `registration` has an unknown value");
  return *mode;
}

Result<void> RegistrationModel::set_mode(RegistrationMode mode) {
  return sql::write(connection_, kSetMode.in(connection_), to_string(mode));
}

Result<void> RegistrationModel::add_code(std::string_view code_hash, UnixMillis now,
                                         UnixMillis expires_at, std::int64_t uses) {
  auto deleted = sql::write(
      connection_, "DELETE FROM registrationcode WHERE expires_at <= ? OR uses_left <= 0", now);
  if (!deleted) return deleted;
  return sql::write(connection_, kAddCode.in(connection_), code_hash, expires_at, uses);
}

Result<bool> RegistrationModel::is_usable(std::string_view code_hash, UnixMillis now) {
  const auto found = sql::read_integer(
      connection_,
      "SELECT 1 FROM registrationcode WHERE code_hash = ? AND expires_at > ? AND uses_left > 0",
      code_hash, now);
  if (!found) return fail(found);
  return found->has_value();
}

Result<bool> RegistrationModel::use_code(std::string_view code_hash, UnixMillis now) {
  auto used = sql::write(connection_,
                         "UPDATE registrationcode SET uses_left = uses_left - 1"
                         " WHERE code_hash = ? AND expires_at > ? AND uses_left > 0",
                         code_hash, now);
  if (!used) return fail(used);
  return connection_.affected_rows() > 0;
}

std::string_view to_string(RegistrationMode mode) {
  switch (mode) {
    case RegistrationMode::kOpen: return "open";
    case RegistrationMode::kClosed: return "closed";
    case RegistrationMode::kInvite: return "invite";
  }
  return "open";
}

std::optional<RegistrationMode> registration_mode(std::string_view word) {
  for (const auto mode :
       {RegistrationMode::kOpen, RegistrationMode::kClosed, RegistrationMode::kInvite}) {
    if (to_string(mode) == word) return mode;
  }
  return std::nullopt;
}

}  // namespace chat::storage
