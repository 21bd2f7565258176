#include "storage/mysql/mysql_errors.h"

#include <gtest/gtest.h>

namespace chat::storage {
namespace {

struct Meaning {
  unsigned number;
  ErrorCode means;
  bool ends_connection;
};

TEST(MysqlErrors, TransientErrorsAreNeverInternal) {
  const Meaning meanings[] = {
      {1062, ErrorCode::kConflict, false},         // duplicate key
      {1451, ErrorCode::kConflict, false},         // foreign key
      {1205, ErrorCode::kBusy, false},             // lock wait
      {1213, ErrorCode::kBusy, false},             // deadlock
      {1412, ErrorCode::kBusy, false},             // table definition changed
      {1615, ErrorCode::kBusy, false},             // must be prepared again
      {1637, ErrorCode::kBusy, false},             // too many transactions
      {1969, ErrorCode::kTimeout, false},          // statement time-out
      {1021, ErrorCode::kUnavailable, false},      // disk full
      {1028, ErrorCode::kUnavailable, false},      // sort aborted
      {1030, ErrorCode::kUnavailable, false},      // storage engine
      {1114, ErrorCode::kUnavailable, false},      // table full
      {1317, ErrorCode::kUnavailable, false},      // KILL QUERY
      {1040, ErrorCode::kUnavailable, true},       // too many connections
      {1203, ErrorCode::kUnavailable, true},       // likewise, of the account
      {1226, ErrorCode::kUnavailable, true},       // the account's limit
      {1461, ErrorCode::kUnavailable, true},       // too many prepared statements
      {1290, ErrorCode::kUnavailable, true},       // --read-only
      {1792, ErrorCode::kUnavailable, true},       // READ ONLY transaction
      {1836, ErrorCode::kUnavailable, true},       // read-only mode
      {1047, ErrorCode::kUnavailable, true},       // WSREP not ready
      {1146, ErrorCode::kUnavailable, true},       // a table is missing while a backup is loaded
      {1053, ErrorCode::kUnavailable, true},       // shutdown
      {1158, ErrorCode::kUnavailable, true},       // network
      {1161, ErrorCode::kUnavailable, true},       // network
      {1180, ErrorCode::kUnavailable, true},       // error during COMMIT
      {1927, ErrorCode::kUnavailable, true},       // KILL CONNECTION
      {2006, ErrorCode::kUnavailable, true},       // gone away
      {2013, ErrorCode::kUnavailable, true},       // lost
      {1142, ErrorCode::kInvalidArgument, false},  // no right
      {1406, ErrorCode::kInvalidArgument, false},  // too long
      {1153, ErrorCode::kInvalidArgument, true},   // max_allowed_packet
      {1054, ErrorCode::kInternal, false},         // unknown column
      {1064, ErrorCode::kInternal, false},         // syntax
      {9001, ErrorCode::kUnavailable, true},       // a proxy's own
  };
  for (const auto& meaning : meanings) {
    const MysqlFault fault = mysql_fault(meaning.number);
    EXPECT_EQ(to_error_code(fault), meaning.means) << meaning.number;
    EXPECT_EQ(ends_connection(fault), meaning.ends_connection) << meaning.number;
  }
}

// After these a statement that commits itself may have taken effect.
TEST(MysqlErrors, OnlyLostConnectionsLeaveTheOutcomeUnknown) {
  for (const unsigned number : {1053U, 1180U, 1927U, 2006U, 2013U}) {
    EXPECT_EQ(mysql_fault(number), MysqlFault::kGone) << number;
  }
  for (const unsigned number : {1290U, 1047U, 1461U, 1205U, 9001U}) {
    EXPECT_NE(mysql_fault(number), MysqlFault::kGone) << number;
  }
}

}  // namespace
}  // namespace chat::storage
