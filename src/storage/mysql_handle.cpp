#include "mysql_handle.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include <array>

namespace chat::storage {
namespace {

// Numbers that one of the two families of servers has and the other's header does not name.
constexpr unsigned kConnectionKilled = 1927;    // MariaDB
constexpr unsigned kStatementTimeout = 1969;    // MariaDB: max_statement_time
constexpr unsigned kQueryTimeout = 3024;        // MySQL: max_execution_time
constexpr unsigned kCheckViolatedMysql = 3819;  // MySQL
constexpr unsigned kClientInteraction = 4031;   // MySQL: closed after inactivity
constexpr unsigned kCheckViolated = 4025;       // MariaDB
constexpr unsigned kUnknownVariable = 1193;

constexpr const char* kSession =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',"
    " innodb_lock_wait_timeout = 1, autocommit = 1, time_zone = '+00:00'";
constexpr const char* kIsolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
// A server process that is stopped in the middle of a transaction must not keep its row locks: the
// group that one of them locks goes on within 3 s. Not only writing ones: a lock is there before.
constexpr const char* kIdleTransactions = "SET SESSION idle_transaction_timeout = 2";

Result<void> run(MYSQL* db, const char* sql) {
  if (mysql_query(db, sql) == 0) return {};
  return tl::make_unexpected(mysql_failure(mysql_errno(db), mysql_error(db), sql));
}

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
}

Result<void> configure(MYSQL* db) {
  if (auto set = run(db, kSession); !set) return set;
  if (auto set = run(db, kIsolation); !set) return set;
  auto limited = run(db, kIdleTransactions);
  if (!limited && mysql_errno(db) == kUnknownVariable) return {};  // MySQL has none
  return limited;
}

ErrorCode error_code(unsigned number) {
  if (is_connection_loss(number)) return ErrorCode::kUnavailable;
  switch (number) {
    case ER_DUP_ENTRY:
    case ER_DUP_ENTRY_WITH_KEY_NAME:
    case ER_NO_REFERENCED_ROW:
    case ER_NO_REFERENCED_ROW_2:
    case ER_ROW_IS_REFERENCED:
    case ER_ROW_IS_REFERENCED_2:
    case ER_BAD_NULL_ERROR:
    case kCheckViolatedMysql:
    case kCheckViolated: return ErrorCode::kConflict;
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_LOCK_DEADLOCK:
    case ER_NEED_REPREPARE: return ErrorCode::kBusy;
    case kStatementTimeout:
    case kQueryTimeout: return ErrorCode::kTimeout;
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL:
    case ER_ERROR_ON_WRITE:
    case ER_GET_ERRNO:
    case ER_OPTION_PREVENTS_STATEMENT: return ErrorCode::kUnavailable;
    case ER_DATA_TOO_LONG:
    case ER_WARN_DATA_OUT_OF_RANGE:
    case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
    case ER_ACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_BAD_DB_ERROR: return ErrorCode::kInvalidArgument;
    default: return ErrorCode::kInternal;
  }
}

ErrorCode connect_error_code(unsigned number) {
  if (error_code(number) == ErrorCode::kInvalidArgument) return ErrorCode::kInvalidArgument;
  return is_connection_loss(number) ? ErrorCode::kUnavailable : ErrorCode::kBusy;
}

// What an operator can do about the usual reasons.
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
  // Matched rows are counted, not changed ones, as SQLite does.
  if (mysql_real_connect(db.get(), local ? nullptr : options.host.c_str(), options.user.c_str(),
                         options.password.c_str(), options.database.c_str(),
                         local ? 0 : options.port, local ? options.socket.c_str() : nullptr,
                         CLIENT_FOUND_ROWS) == nullptr) {
    const unsigned number = mysql_errno(db.get());
    return fail(connect_error_code(number),
                fmt::format("cannot use the database {}: {}{}", describe_mysql(options),
                            mysql_error(db.get()), hint(number)));
  }
  if (auto configured = configure(db.get()); !configured) return fail(configured);
  return db;
}

Error mysql_failure(unsigned number, std::string_view message, std::string_view doing) {
  return {error_code(number),
          fmt::format("mysql: {} (code {}) in {}", message, number, doing.substr(0, 80))};
}

bool is_connection_loss(unsigned number) {
  constexpr unsigned kClientErrors = 2000;  // the library's own: 2000 … 2999
  constexpr unsigned kClientErrorsEnd = 3000;
  constexpr std::array kServerSaysGoodbye{static_cast<unsigned>(ER_SERVER_SHUTDOWN),
                                          static_cast<unsigned>(ER_ABORTING_CONNECTION),
                                          static_cast<unsigned>(ER_NORMAL_SHUTDOWN),
                                          static_cast<unsigned>(ER_NEW_ABORTING_CONNECTION),
                                          kConnectionKilled,
                                          kClientInteraction};
  if (number >= kClientErrors && number < kClientErrorsEnd) return number != CR_OUT_OF_MEMORY;
  for (const unsigned goodbye : kServerSaysGoodbye) {
    if (number == goodbye) return true;
  }
  return false;
}

std::string describe_mysql(const MysqlOptions& options) {
  const std::string where =
      options.socket.empty() ? fmt::format("{}:{}", options.host, options.port) : options.socket;
  return fmt::format("{}@{}/{}", options.user, where, options.database);
}

}  // namespace chat::storage
