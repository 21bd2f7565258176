#pragma once

#include <string>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// The settings of a MySQL or MariaDB server on which durability across a power cut depends, as the
// server writes them: numbers or words.
struct MysqlDurability {
  std::string flush_log;          // innodb_flush_log_at_trx_commit
  std::string doublewrite;        // innodb_doublewrite
  std::string sync_binlog = "1";  // kept if the binary log is off
};

// A sentence for each unsafe setting: its value, the risk, and what to set. They are reported and
// not changed, because only an administrator can.
std::vector<std::string> faults_of(const MysqlDurability& settings);

// Blocks.
Result<MysqlDurability> read_durability(Connection& connection);

}  // namespace chat::storage
