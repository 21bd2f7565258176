#pragma once

#include "chat/base/result.h"

namespace chat::storage {

// The meaning of a MySQL or MariaDB error for the connection.
enum class MysqlFault {
  kConflict,     // a unique key or another constraint refuses the row
  kLocked,       // a lock, a deadlock or a changed table: run it again
  kTimeout,      // the statement exceeded the server's time limit
  kPasses,       // a transient shortage; the connection stays usable
  kLeave,        // refused by this server or session: open a new connection
  kGone,         // the connection died; the statement may have taken effect
  kDenied,       // the account lacks the right, which an operator can grant
  kBadValue,     // the table does not accept a value
  kPacketLimit,  // the statement is too big for the server, which closes the connection
  kBug,          // the statement itself is wrong
};

// By the error number of the server or the client library. An unlisted number counts as kLeave: it
// is more likely transient than a mistake in one of our statements.
MysqlFault mysql_fault(unsigned number);

ErrorCode to_error_code(MysqlFault fault);
// True if the connection must not be used any more.
bool ends_connection(MysqlFault fault);

}  // namespace chat::storage
