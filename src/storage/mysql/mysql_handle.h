#pragma once

#include <mysql.h>

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "chat/base/result.h"
#include "chat/storage/mysql_options.h"

namespace chat::storage {

struct MysqlCloser {
  void operator()(MYSQL* db) const noexcept { mysql_close(db); }
};
using MysqlHandle = std::unique_ptr<MYSQL, MysqlCloser>;

struct MysqlStatementCloser {
  void operator()(MYSQL_STMT* statement) const noexcept { mysql_stmt_close(statement); }
};
using MysqlStatementHandle = std::unique_ptr<MYSQL_STMT, MysqlStatementCloser>;

// The C API's own truth value: `char` in one family of client libraries, `bool` in the other.
using MysqlBool = std::remove_pointer_t<decltype(MYSQL_BIND::is_null)>;

// Connects, and sets up the session that our promises rest on. kUnavailable when nobody answers,
// kInvalidArgument when the server refuses the account or does not know the database, kBusy when it
// answers and takes no connection now.
Result<MysqlHandle> open_mysql(const MysqlOptions& options);

// What an error number of the server or the client library means here.
Error mysql_failure(unsigned number, std::string_view message, std::string_view doing);
// What a server says of itself.
struct MysqlSign {
  unsigned error = 0;    // it did not answer the question, and why
  bool writable = true;  // it takes writes from an ordinary account
  std::string what;      // why not
};
// Sends the question; false: the connection has died.
bool send_question(MYSQL* db);
// Blocks until the answer is there.
MysqlSign read_sign(MYSQL* db);
// Both.
MysqlSign ask_mysql(MYSQL* db);

// "chat@localhost:3306/chat": without the password.
std::string describe_mysql(const MysqlOptions& options);

}  // namespace chat::storage
