#include "storage/mysql/mysql_handle.h"

#include <fmt/format.h>
#include <mysqld_error.h>

#include <memory>

#include "storage/mysql/mysql_errors.h"

namespace chat::storage {
namespace {

// The format's argument limits waits for table locks and DDL of other sessions; row locks have a
// separate time-out. A server process suspended in the middle of a transaction must not keep its
// row locks: a group locked by it is free again within 3 s. Not limited to write transactions,
// because locks are taken before the first write. MySQL does not have this limit.
constexpr const char* kSession =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',"
    " innodb_lock_wait_timeout = 1, autocommit = 1, time_zone = '+00:00', lock_wait_timeout = {}"
    " /*M!100300 , idle_transaction_timeout = 2 */";
constexpr const char* kIsolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

void set_options(MYSQL* db, const MysqlOptions& options) {
  const auto connect_seconds = static_cast<unsigned>(options.connect_timeout.count());
  const auto io_seconds = static_cast<unsigned>(options.io_timeout.count());
  const MysqlBool off = 0;
  const unsigned no_local_files = 0;
  mysql_options(db, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
  mysql_options(db, MYSQL_OPT_READ_TIMEOUT, &io_seconds);
  mysql_options(db, MYSQL_OPT_WRITE_TIMEOUT, &io_seconds);
  mysql_options(db, MYSQL_OPT_RECONNECT, &off);
  mysql_options(db, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  mysql_options(db, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // As part of connecting, they are answered within connect_timeout, not io_timeout.
  mysql_options(db, MYSQL_INIT_COMMAND, fmt::format(kSession, options.lock_wait.count()).c_str());
  mysql_options(db, MYSQL_INIT_COMMAND, kIsolation);
}

ErrorCode connect_error_code(unsigned number) {
  const MysqlFault fault = mysql_fault(number);
  if (fault == MysqlFault::kDenied || number == ER_BAD_DB_ERROR) return ErrorCode::kInvalidArgument;
  return fault == MysqlFault::kGone ? ErrorCode::kUnavailable : ErrorCode::kBusy;
}

// Advice to the operator for the usual causes.
std::string_view hint(unsigned number) {
  switch (number) {
    case ER_BAD_DB_ERROR:
      return "; create it first: CREATE DATABASE … CHARACTER SET utf8mb4, and grant the account "
             "all rights on it";
    case ER_ACCESS_DENIED_ERROR:
      return "; check mysql.user and the password (CHAT_MYSQL_PASSWORD or mysql.password)";
    case ER_DBACCESS_DENIED_ERROR: return "; grant the account its rights on this database";
    default: return "";
  }
}

}  // namespace

Result<MysqlHandle> open_mysql(const MysqlOptions& options) {
  MysqlHandle db(mysql_init(nullptr));
  if (db == nullptr) return fail(ErrorCode::kInternal, "mysql: no memory for a connection");
  set_options(db.get(), options);
  const bool local = !options.socket.empty();
  // Count matched rows, not changed ones, like SQLite.
  if (mysql_real_connect(db.get(), local ? nullptr : options.host.c_str(), options.user.c_str(),
                         options.password.c_str(), options.database.c_str(),
                         local ? 0 : options.port, local ? options.socket.c_str() : nullptr,
                         CLIENT_FOUND_ROWS) == nullptr) {
    const unsigned number = mysql_errno(db.get());
    return fail(connect_error_code(number),
                fmt::format("cannot use the database {}: {}{}", describe_mysql(options),
                            mysql_error(db.get()), hint(number)));
  }
  return db;
}

Error mysql_failure(unsigned number, std::string_view message, std::string_view doing) {
  return {to_error_code(mysql_fault(number)),
          fmt::format("mysql: {} (code {}) in {}", message, number, doing.substr(0, 80))};
}

bool send_question(MYSQL* db) {
  constexpr std::string_view kQuestion = "SELECT @@global.read_only, @@global.innodb_read_only";
  return mysql_send_query(db, kQuestion.data(), kQuestion.size()) == 0;
}

MysqlSign read_sign(MYSQL* db) {
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows(
      mysql_read_query_result(db) == 0 ? mysql_store_result(db) : nullptr, &mysql_free_result);
  if (rows == nullptr) return {mysql_errno(db), false, mysql_error(db)};
  MYSQL_ROW row = mysql_fetch_row(rows.get());
  for (unsigned i = 0; row != nullptr && i < mysql_num_fields(rows.get()); ++i) {
    const std::string_view value = row[i] != nullptr ? row[i] : "0";
    if (value != "0" && value != "OFF") return {0, false, "the database server is read-only"};
  }
  return {};
}

MysqlSign ask_mysql(MYSQL* db) {
  if (!send_question(db)) return {mysql_errno(db), false, mysql_error(db)};
  return read_sign(db);
}

std::string describe_mysql(const MysqlOptions& options) {
  const std::string where =
      options.socket.empty() ? fmt::format("{}:{}", options.host, options.port) : options.socket;
  return fmt::format("{}@{}/{}", options.user, where, options.database);
}

}  // namespace chat::storage
