// The error numbers of MySQL and MariaDB. Three questions decide the group of a number: may the
// same request succeed later (then clients are told to repeat it), may it succeed on another
// connection (then this one is closed, as its address may lead to another server by now), and can
// it have taken effect (then the tables must be read).
//
// To add a number, add it to the group whose comment fits; nothing else depends on the list.
#include "storage/mysql/mysql_errors.h"

#include <algorithm>
#include <iterator>

namespace chat::storage {
namespace {

struct Row {
  unsigned number;
  MysqlFault fault;
};

using enum MysqlFault;

// Ascending within each group; the search is linear.
constexpr Row kRows[] = {
    // Keys and constraints.
    {1022, kConflict},  // ER_DUP_KEY
    {1062, kConflict},  // ER_DUP_ENTRY
    {1169, kConflict},  // ER_DUP_UNIQUE
    {1216, kConflict},  // ER_NO_REFERENCED_ROW
    {1217, kConflict},  // ER_ROW_IS_REFERENCED
    {1451, kConflict},  // ER_ROW_IS_REFERENCED_2
    {1452, kConflict},  // ER_NO_REFERENCED_ROW_2
    {1586, kConflict},  // ER_DUP_ENTRY_WITH_KEY_NAME
    {3819, kConflict},  // MySQL: a CHECK is violated
    {4025, kConflict},  // MariaDB: the same

    // Locks and DDL of other sessions. 1205 ends only the statement, 1213 the transaction.
    {1020, kLocked},  // ER_CHECKREAD: the row changed since it was read (snapshot isolation)
    {1099, kLocked},  // ER_TABLE_NOT_LOCKED_FOR_WRITE
    {1100, kLocked},  // ER_TABLE_NOT_LOCKED
    {1205, kLocked},  // ER_LOCK_WAIT_TIMEOUT, of rows and of metadata
    {1206, kLocked},  // ER_LOCK_TABLE_FULL
    {1213, kLocked},  // ER_LOCK_DEADLOCK; in a Galera cluster also a conflict with another node
    {1223, kLocked},  // ER_CANT_UPDATE_WITH_READLOCK
    {1412, kLocked},  // ER_TABLE_DEF_CHANGED
    {1613, kLocked},  // ER_XA_RBTIMEOUT
    {1614, kLocked},  // ER_XA_RBDEADLOCK
    {1615, kLocked},  // ER_NEED_REPREPARE
    {1637, kLocked},  // ER_TOO_MANY_CONCURRENT_TRXS
    {1689, kLocked},  // ER_LOCK_ABORTED
    {1964, kLocked},  // ER_PRIOR_COMMIT_FAILED
    {3058, kLocked},  // ER_USER_LOCK_DEADLOCK
    {3101, kLocked},  // MySQL: group replication rolled the transaction back at its commit
    {3572, kLocked},  // MySQL: NOWAIT found the row locked

    // We bind NULL only to say "too late" (Connection::server_time()).
    {1048, kTimeout},  // ER_BAD_NULL_ERROR
    {1969, kTimeout},  // MariaDB: max_statement_time
    {3024, kTimeout},  // MySQL: max_execution_time

    // Disk, memory, threads, an administrator's KILL QUERY.
    {1016, kPasses},  // ER_CANT_OPEN_FILE
    {1021, kPasses},  // ER_DISK_FULL
    {1024, kPasses},  // ER_ERROR_ON_READ
    {1026, kPasses},  // ER_ERROR_ON_WRITE
    {1028, kPasses},  // ER_FILSORT_ABORT
    {1030, kPasses},  // ER_GET_ERRNO: a storage engine error
    {1037, kPasses},  // ER_OUTOFMEMORY
    {1038, kPasses},  // ER_OUT_OF_SORTMEMORY
    {1041, kPasses},  // ER_OUT_OF_RESOURCES
    {1105, kPasses},  // ER_UNKNOWN_ERROR
    {1114, kPasses},  // ER_RECORD_FILE_FULL
    {1135, kPasses},  // ER_CANT_CREATE_THREAD
    {1197, kPasses},  // ER_TRANS_CACHE_FULL
    {1317, kPasses},  // ER_QUERY_INTERRUPTED
    {1436, kPasses},  // ER_STACK_OVERRUN_NEED_MORE
    {1534, kPasses},  // ER_BINLOG_ROW_LOGGING_FAILED
    {1705, kPasses},  // ER_STMT_CACHE_FULL
    {1713, kPasses},  // ER_UNDO_RECORD_TOO_BIG
    {3015, kPasses},  // ER_ENGINE_OUT_OF_MEMORY
    {3019, kPasses},  // ER_INNODB_UNDO_LOG_FULL

    // Limits of connections and accounts, when connecting or running a statement.
    {1040, kLeave},  // ER_CON_COUNT_ERROR
    {1129, kLeave},  // ER_HOST_IS_BLOCKED
    {1203, kLeave},  // ER_TOO_MANY_USER_CONNECTIONS
    {1226, kLeave},  // ER_USER_LIMIT_REACHED
    {1461, kLeave},  // ER_MAX_PREPARED_STMT_COUNT_REACHED: closing frees our own

    // This server takes no writes, or no longer does.
    {1036, kLeave},  // ER_OPEN_AS_READONLY
    {1290, kLeave},  // ER_OPTION_PREVENTS_STATEMENT: --read-only, --super-read-only
    {1792, kLeave},  // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    {1836, kLeave},  // ER_READ_ONLY_MODE
    {1874, kLeave},  // ER_INNODB_READ_ONLY
    {1881, kLeave},  // MySQL: innodb_force_recovery
    {3989, kLeave},  // MySQL: the schema is read-only

    // This node is not, or no longer, part of its cluster.
    {1047, kLeave},  // ER_UNKNOWN_COM_ERROR: WSREP has not yet prepared the node
    {3100, kLeave},  // MySQL: a plugin (group replication) refuses the transaction

    // The session's settings or a table of this server are not as expected, as while a backup is
    // loaded or a replica lags.
    {1046, kLeave},  // ER_NO_DB_ERROR
    {1049, kLeave},  // ER_BAD_DB_ERROR; reported to the operator at start
    {1146, kLeave},  // ER_NO_SUCH_TABLE
    {1179, kLeave},  // ER_CANT_DO_THIS_DURING_AN_TRANSACTION
    {1243, kLeave},  // ER_UNKNOWN_STMT_HANDLER
    {1568, kLeave},  // ER_CANT_CHANGE_TX_CHARACTERISTICS
    {1932, kLeave},  // ER_NO_SUCH_TABLE_IN_ENGINE

    // The server closed or lost the connection.
    {1042, kGone},  // ER_BAD_HOST_ERROR
    {1043, kGone},  // ER_HANDSHAKE_ERROR
    {1053, kGone},  // ER_SERVER_SHUTDOWN
    {1077, kGone},  // ER_NORMAL_SHUTDOWN
    {1079, kGone},  // ER_SHUTDOWN_COMPLETE
    {1080, kGone},  // ER_FORCING_CLOSE
    {1152, kGone},  // ER_ABORTING_CONNECTION
    {1156, kGone},  // ER_NET_PACKETS_OUT_OF_ORDER
    {1157, kGone},  // ER_NET_UNCOMPRESS_ERROR
    {1158, kGone},  // ER_NET_READ_ERROR
    {1159, kGone},  // ER_NET_READ_INTERRUPTED
    {1160, kGone},  // ER_NET_ERROR_ON_WRITE
    {1161, kGone},  // ER_NET_WRITE_INTERRUPTED
    {1180, kGone},  // ER_ERROR_DURING_COMMIT
    {1181, kGone},  // ER_ERROR_DURING_ROLLBACK
    {1184, kGone},  // ER_NEW_ABORTING_CONNECTION
    {1835, kGone},  // ER_MALFORMED_PACKET
    {1927, kGone},  // MariaDB: KILL CONNECTION
    {3032, kGone},  // MySQL: offline_mode
    {4031, kGone},  // MySQL: closed after inactivity
    {4150, kGone},  // MariaDB: the account is blocked after too many failures

    // Rights.
    {1044, kDenied},  // ER_DBACCESS_DENIED_ERROR
    {1045, kDenied},  // ER_ACCESS_DENIED_ERROR
    {1130, kDenied},  // ER_HOST_NOT_PRIVILEGED
    {1142, kDenied},  // ER_TABLEACCESS_DENIED_ERROR
    {1143, kDenied},  // ER_COLUMNACCESS_DENIED_ERROR
    {1227, kDenied},  // ER_SPECIFIC_ACCESS_DENIED_ERROR
    {1698, kDenied},  // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    {1820, kDenied},  // ER_MUST_CHANGE_PASSWORD
    {1862, kDenied},  // ER_MUST_CHANGE_PASSWORD_LOGIN
    {3118, kDenied},  // MySQL: the account is locked
    {4151, kDenied},  // MariaDB: the account is locked

    {1153, kPacketLimit},  // ER_NET_PACKET_TOO_LARGE
    {2020, kPacketLimit},  // CR_NET_PACKET_TOO_LARGE

    {1264, kBadValue},  // ER_WARN_DATA_OUT_OF_RANGE
    {1265, kBadValue},  // WARN_DATA_TRUNCATED
    {1292, kBadValue},  // ER_TRUNCATED_WRONG_VALUE
    {1366, kBadValue},  // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
    {1367, kBadValue},  // ER_ILLEGAL_VALUE_FOR_TYPE
    {1406, kBadValue},  // ER_DATA_TOO_LONG
    {1690, kBadValue},  // ER_DATA_OUT_OF_RANGE

    // Invalid SQL.
    {1052, kBug},  // ER_NON_UNIQ_ERROR
    {1054, kBug},  // ER_BAD_FIELD_ERROR
    {1055, kBug},  // ER_WRONG_FIELD_WITH_GROUP
    {1064, kBug},  // ER_PARSE_ERROR
    {1065, kBug},  // ER_EMPTY_QUERY
    {1093, kBug},  // ER_UPDATE_TABLE_USED
    {1110, kBug},  // ER_FIELD_SPECIFIED_TWICE
    {1111, kBug},  // ER_INVALID_GROUP_FUNC_USE
    {1136, kBug},  // ER_WRONG_VALUE_COUNT_ON_ROW
    {1140, kBug},  // ER_MIX_OF_GROUP_FUNC_AND_FIELDS
    {1149, kBug},  // ER_SYNTAX_ERROR
    {1193, kBug},  // ER_UNKNOWN_SYSTEM_VARIABLE
    {1210, kBug},  // ER_WRONG_ARGUMENTS
    {1222, kBug},  // ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT
    {1231, kBug},  // ER_WRONG_VALUE_FOR_VAR
    {1241, kBug},  // ER_OPERAND_COLUMNS
    {1242, kBug},  // ER_SUBQUERY_NO_1_ROW
    {1267, kBug},  // ER_CANT_AGGREGATE_2COLLATIONS
    {1305, kBug},  // ER_SP_DOES_NOT_EXIST
    {1364, kBug},  // ER_NO_DEFAULT_FOR_FIELD
    {1390, kBug},  // ER_PS_MANY_PARAM

    // The client library: misuse, and out of memory.
    {2008, kPasses},  // CR_OUT_OF_MEMORY
    {2030, kBug},     // CR_NO_PREPARE_STMT
    {2031, kBug},     // CR_PARAMS_NOT_BOUND
    {2034, kBug},     // CR_INVALID_PARAMETER_NO
    {2036, kBug},     // CR_UNSUPPORTED_PARAM_TYPE
};

constexpr unsigned kClientErrors = 2000;  // of the client library: 2000 … 2999
constexpr unsigned kClientErrorsEnd = 3000;

}  // namespace

MysqlFault mysql_fault(unsigned number) {
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows),
                                       [number](const Row& item) { return item.number == number; });
  if (row != std::end(kRows)) return row->fault;
  return number >= kClientErrors && number < kClientErrorsEnd ? kGone : kLeave;
}

ErrorCode to_error_code(MysqlFault fault) {
  switch (fault) {
    case kConflict: return ErrorCode::kConflict;
    case kLocked: return ErrorCode::kBusy;
    case kTimeout: return ErrorCode::kTimeout;
    case kPasses:
    case kLeave:
    case kGone: return ErrorCode::kUnavailable;
    case kDenied:
    case kBadValue:
    case kPacketLimit: return ErrorCode::kInvalidArgument;
    case kBug: return ErrorCode::kInternal;
  }
  return ErrorCode::kInternal;
}

bool ends_connection(MysqlFault fault) {
  return fault == kLeave || fault == kGone || fault == kPacketLimit;
}

}  // namespace chat::storage
