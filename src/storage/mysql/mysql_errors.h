#pragma once

#include "chat/base/result.h"

namespace chat::storage {

// What an error of a MySQL or MariaDB server means for the connection it came on.
enum class MysqlFault {
  kConflict,     // a unique key or another constraint refuses the row; nothing else is wrong
  kLocked,       // a lock, a deadlock or a changed table stood in the way: run it again
  kTimeout,      // the statement took longer than the server allows
  kPasses,       // a shortage that passes; the connection is as good as any other
  kLeave,        // refused by this server or this session, perhaps not by the next: open a new one
  kGone,         // the connection died: whether the statement took effect is unknown
  kDenied,       // the account may not do this; an operator can change that
  kBadValue,     // a value that the table does not take
  kPacketLimit,  // the statement is too big for this server, which then closes the connection
  kBug,          // the statement itself is wrong
};

// By the number of the server's error, or of the client library's. A number that nobody has listed
// counts as kLeave: it is more likely to pass than to be a mistake in one of our statements.
MysqlFault mysql_fault(unsigned number);

ErrorCode to_error_code(MysqlFault fault);
// The connection must not be used any more.
bool ends_connection(MysqlFault fault);

}  // namespace chat::storage
