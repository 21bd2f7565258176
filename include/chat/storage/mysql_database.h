#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chat/base/mutex.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/mysql_options.h"

namespace chat::storage {

class MysqlWatch;

// A MySQL or MariaDB server. Every connection sets its session up itself (utf8mb4, strict mode,
// READ COMMITTED, short lock waits), so nothing but durability_faults() depends on how the server
// is configured; the tables must be InnoDB. There is no reconnecting behind our back: a connection
// that died stays dead, because its transaction and its prepared statements died with it. From
// open() to close() a watch refuses new connections and cuts those that are open while the database
// is silent or takes no writes. Threading: thread-safe. Ownership: must outlive its connections.
class MysqlDatabase final : public Database {
 public:
  explicit MysqlDatabase(MysqlOptions options);
  ~MysqlDatabase() override;

  Dialect dialect() const override { return Dialect::kMysql; }
  Result<void> open() override;
  void close() override;
  Result<std::unique_ptr<Connection>> connect() override;
  // Without the time-out for reading: a step may rebuild a big table.
  Result<std::unique_ptr<Connection>> connect_to_migrate() override;
  Result<std::vector<std::string>> durability_faults() override;
  bool met_stall_lately() const override;
  std::string describe() const override;

 private:
  const MysqlOptions options_;
  std::unique_ptr<MysqlWatch> watch_;
};

}  // namespace chat::storage
