#include "storage/sqlite/sqlite_statement.h"

#include "chat/base/check.h"
#include "storage/sqlite/sqlite_handle.h"

namespace chat::storage {

SqliteStatement::SqliteStatement(SqliteStatementHost& connection, sqlite3_stmt* handle)
    : connection_(connection), handle_(handle), writes_(sqlite3_stmt_readonly(handle) == 0) {}

SqliteStatement::~SqliteStatement() {
  sqlite3_finalize(handle_);
}

void SqliteStatement::bind(int parameter, std::int64_t value) {
  CHAT_CHECK(state_ == State::kReset);
  bound(sqlite3_bind_int64(handle_, parameter + 1, value));
}

void SqliteStatement::bind(int parameter, std::string_view text) {
  CHAT_CHECK(state_ == State::kReset);
  // A null pointer would bind NULL, and an empty view may have one.
  const char* data = text.data() != nullptr ? text.data() : "";
  bound(sqlite3_bind_text64(handle_, parameter + 1, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void SqliteStatement::bind_null(int parameter) {
  CHAT_CHECK(state_ == State::kReset);
  bound(sqlite3_bind_null(handle_, parameter + 1));
}

void SqliteStatement::bound(int code) {
  if (bind_error_ == SQLITE_OK) bind_error_ = code;
}

Result<void> SqliteStatement::start() {
  if (bind_error_ != SQLITE_OK) {
    return tl::make_unexpected(sqlite_error(nullptr, bind_error_, sqlite3_sql(handle_)));
  }
  if (auto admitted = connection_.admit(writes_); !admitted) return admitted;
  if (writes_ && !connection_.in_transaction()) {
    auto turn = connection_.enter_lane();
    if (!turn) return fail(turn);
    turn_.emplace(std::move(*turn));
  }
  state_ = State::kRunning;
  return {};
}

Result<bool> SqliteStatement::step() {
  CHAT_CHECK(state_ != State::kEnded);  // a second run needs a reset() in between
  if (state_ == State::kReset) {
    if (auto started = start(); !started) return fail(started);
  }
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  state_ = State::kEnded;
  if (code == SQLITE_DONE) {
    const bool committed = turn_.has_value();
    if (committed) connection_.wrote_in_lane();
    turn_.reset();
    if (!committed) return false;
    auto in_place = connection_.committed_in_place();
    return in_place ? Result<bool>(false) : fail(in_place);
  }
  // Read the message before the reset clears it; the lane is released after the reset.
  auto error = connection_.failed(code, sqlite3_sql(handle_));
  sqlite3_reset(handle_);
  turn_.reset();
  return tl::make_unexpected(std::move(error));
}

void SqliteStatement::reset() noexcept {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  bind_error_ = SQLITE_OK;
  state_ = State::kReset;
  turn_.reset();
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::string_view SqliteStatement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

}  // namespace chat::storage
