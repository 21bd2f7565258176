#include "storage/mysql/mysql_statement.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include "chat/base/check.h"

namespace chat::storage {
namespace {

bool is_integer_type(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG: return true;
    default: return false;
  }
}

}  // namespace

MysqlStatement::MysqlStatement(MysqlStatementHost& connection, MysqlStatementHandle handle,
                               std::string_view sql)
    : connection_(connection),
      handle_(std::move(handle)),
      sql_(sql.substr(0, 80)),
      parameters_(mysql_stmt_param_count(handle_.get())),
      integers_(parameters_.size()),
      columns_(mysql_stmt_field_count(handle_.get())),
      results_(columns_.size()) {
  // Makes the library compute the longest value of each column, to size the buffers.
  const MysqlBool yes = 1;
  mysql_stmt_attr_set(handle_.get(), STMT_ATTR_UPDATE_MAX_LENGTH, &yes);
  reset();
}

MYSQL_BIND& MysqlStatement::parameter(int index) {
  CHAT_CHECK(state_ == State::kReset);
  MYSQL_BIND& bind = parameters_.at(static_cast<std::size_t>(index));
  bind = {};
  return bind;
}

void MysqlStatement::bind(int index, std::int64_t value) {
  MYSQL_BIND& bind = parameter(index);
  std::int64_t& kept = integers_[static_cast<std::size_t>(index)];
  kept = value;
  bind.buffer_type = MYSQL_TYPE_LONGLONG;
  bind.buffer = &kept;
}

void MysqlStatement::bind(int index, std::string_view text) {
  MYSQL_BIND& bind = parameter(index);
  bind.buffer_type = MYSQL_TYPE_STRING;
  bind.buffer = const_cast<char*>(text.data() != nullptr ? text.data() : "");
  bind.buffer_length = static_cast<unsigned long>(text.size());
}

void MysqlStatement::bind_null(int index) {
  parameter(index).buffer_type = MYSQL_TYPE_NULL;
}

void MysqlStatement::add_row() {
  CHAT_CHECK(columns_.empty());
  row_values_.resize(parameters_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const MYSQL_BIND& bind = parameters_[i];
    RowValues& values = row_values_[i];
    if (bind.buffer_type == MYSQL_TYPE_LONGLONG) {
      values.integers.push_back(integers_[i]);
    } else {
      CHAT_CHECK(bind.buffer_type == MYSQL_TYPE_STRING);
      values.texts.push_back(static_cast<const char*>(bind.buffer));
      values.lengths.push_back(bind.buffer_length);
    }
  }
  ++rows_;
}

Result<bool> MysqlStatement::step() {
  CHAT_CHECK(state_ != State::kEnded);  // a second run needs a reset() in between
  if (state_ == State::kReset) {
    auto started = start();
    state_ = started && !columns_.empty() ? State::kRunning : State::kEnded;
    if (!started) return fail(started);
    if (columns_.empty()) return false;
  }
  const int code = mysql_stmt_fetch(handle_.get());
  if (code == 0) return true;
  state_ = State::kEnded;
  CHAT_CHECK(code != MYSQL_DATA_TRUNCATED);
  if (code == MYSQL_NO_DATA) return false;
  return failed();
}

Result<void> MysqlStatement::start() {
  if (auto admitted = connection_.admit(); !admitted) return admitted;
  MYSQL_STMT* const handle = handle_.get();
  const auto call = connection_.begin_call();
  if (!bind_to_run() || mysql_stmt_execute(handle) != 0) return failed();
  connection_.heard();
  if (!columns_.empty()) return take_result();
  connection_.wrote(static_cast<std::int64_t>(mysql_stmt_affected_rows(handle)),
                    static_cast<std::int64_t>(mysql_stmt_insert_id(handle)));
  return {};
}

bool MysqlStatement::bind_to_run() {
  if (parameters_.empty()) return true;
  if (rows_ > 0) bind_rows();
  return mysql_stmt_attr_set(handle_.get(), STMT_ATTR_ARRAY_SIZE, &rows_) == 0 &&
         mysql_stmt_bind_param(handle_.get(), parameters_.data()) == 0;
}

void MysqlStatement::bind_rows() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    MYSQL_BIND& bind = parameters_[i];
    RowValues& values = row_values_[i];
    if (bind.buffer_type == MYSQL_TYPE_LONGLONG) {
      CHAT_CHECK(values.integers.size() == rows_);
      bind.buffer = values.integers.data();
    } else {
      CHAT_CHECK(values.texts.size() == rows_);
      bind.buffer = values.texts.data();
      bind.length = values.lengths.data();
    }
  }
}

Result<void> MysqlStatement::take_result() {
  MYSQL_STMT* const handle = handle_.get();
  if (mysql_stmt_store_result(handle) != 0) {
    auto error = failed();
    // After an error among the rows, such as a lock that another transaction holds, the library
    // takes the result for unread, and the statement's next run would wait for the rest.
    if (!connection_.gone()) mysql_stmt_reset(handle);
    return error;
  }
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> shape(
      mysql_stmt_result_metadata(handle), &mysql_free_result);
  CHAT_CHECK(shape != nullptr && mysql_num_fields(shape.get()) == columns_.size());
  bind_columns(mysql_fetch_fields(shape.get()));
  if (mysql_stmt_bind_result(handle, results_.data()) != 0) return failed();
  return {};
}

void MysqlStatement::bind_columns(const MYSQL_FIELD* fields) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Column& column = columns_[i];
    MYSQL_BIND& bind = results_[i];
    bind = {};
    bind.is_null = &column.is_null;
    column.is_integer = is_integer_type(fields[i].type);
    if (column.is_integer) {
      bind.buffer_type = MYSQL_TYPE_LONGLONG;
      bind.buffer = &column.integer;
      continue;
    }
    column.text.resize(std::max<std::size_t>(fields[i].max_length, 1));
    bind.buffer_type = MYSQL_TYPE_STRING;
    bind.buffer = column.text.data();
    bind.buffer_length = static_cast<unsigned long>(column.text.size());
    bind.length = &column.length;
  }
}

void MysqlStatement::reset() noexcept {
  if (state_ != State::kReset && !columns_.empty()) mysql_stmt_free_result(handle_.get());
  for (MYSQL_BIND& bind : parameters_) {
    bind = {};
    bind.buffer_type = MYSQL_TYPE_NULL;
  }
  for (RowValues& values : row_values_) {
    values.integers.clear();
    values.texts.clear();
    values.lengths.clear();
  }
  rows_ = 0;
  state_ = State::kReset;
}

const MysqlStatement::Column& MysqlStatement::column(int index) const {
  CHAT_CHECK(state_ == State::kRunning);
  return columns_.at(static_cast<std::size_t>(index));
}

bool MysqlStatement::is_null(int index) const {
  return column(index).is_null != 0;
}

// Sums and similar values arrive as decimal text.
std::int64_t MysqlStatement::integer(int index) const {
  const Column& value = column(index);
  if (value.is_null != 0) return 0;
  if (value.is_integer) return value.integer;
  std::int64_t number = 0;
  std::from_chars(value.text.data(), value.text.data() + value.length, number);
  return number;
}

std::string_view MysqlStatement::text(int index) const {
  const Column& value = column(index);
  CHAT_CHECK(!value.is_integer);
  if (value.is_null != 0) return {};
  return {value.text.data(), value.length};
}

// A write outside a transaction commits itself, so after a lost connection its outcome is unknown.
tl::unexpected<Error> MysqlStatement::failed() {
  state_ = State::kEnded;
  auto error =
      connection_.failed(mysql_stmt_errno(handle_.get()), mysql_stmt_error(handle_.get()), sql_);
  const bool commits_itself = columns_.empty() && !connection_.in_transaction();
  if (commits_itself && connection_.gone()) error.code = ErrorCode::kOutcomeUnknown;
  return tl::make_unexpected(std::move(error));
}

}  // namespace chat::storage
