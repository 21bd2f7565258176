#pragma once

#include <string>
#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// The settings of a MySQL or MariaDB server that decide whether what was committed outlives a power
// cut of its machine, as the server writes them: numbers or words.
struct MysqlDurability {
  std::string flush_log;          // innodb_flush_log_at_trx_commit
  std::string doublewrite;        // innodb_doublewrite
  std::string sync_binlog = "1";  // left so where the binary log is off
};

// A sentence for each setting that breaks the promise, that says what is set, what may happen and
// what to set. Only an administrator can change them, so they are told, not mended.
std::vector<std::string> faults_of(const MysqlDurability& settings);

// Blocks.
Result<MysqlDurability> read_durability(Connection& connection);

}  // namespace chat::storage
