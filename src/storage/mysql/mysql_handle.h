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

// The boolean type of the C API: `char` in one family of client libraries, `bool` in the other.
using MysqlBool = std::remove_pointer_t<decltype(MYSQL_BIND::is_null)>;

// Connects and sets the session variables that our guarantees rest on. Blocks at most
// MysqlOptions::connect_timeout for each answer. kUnavailable if no server answers,
// kInvalidArgument if it refuses the account or has no such database, kBusy if it accepts no
// connection at present.
Result<MysqlHandle> open_mysql(const MysqlOptions& options);

// Converts an error number of the server or the client library.
Error mysql_failure(unsigned number, std::string_view message, std::string_view doing);
// A server's answer to a probe.
struct MysqlSign {
  unsigned error = 0;    // why it did not answer; 0: it did
  bool writable = true;  // it accepts writes from an ordinary account
  std::string what;      // why it does not
};
// Sends the probe; false if the connection has died.
bool send_question(MYSQL* db);
// Blocks until the answer has arrived.
MysqlSign read_sign(MYSQL* db);
// send_question() and read_sign().
MysqlSign ask_mysql(MYSQL* db);

// "chat@localhost:3306/chat": without the password.
std::string describe_mysql(const MysqlOptions& options);

}  // namespace chat::storage
