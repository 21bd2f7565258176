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

// A MySQL or MariaDB server. Every connection sets its session variables (utf8mb4, strict mode,
// READ COMMITTED, short lock waits), so only durability_faults() depends on the server's
// configuration; the tables must be InnoDB. The library never reconnects by itself: a dead
// connection stays dead, because its transaction and prepared statements died with it. From open()
// to close(), while the database does not answer or takes no writes, a watch refuses new
// connections and cuts open ones. Threading: thread-safe. Ownership: must outlive its connections.
class MysqlDatabase final : public Database {
 public:
  explicit MysqlDatabase(MysqlOptions options);
  ~MysqlDatabase() override;

  Dialect dialect() const override { return Dialect::kMysql; }
  Result<void> open() override;
  void close() override;
  Result<std::unique_ptr<Connection>> connect() override;
  // Without a read time-out: a step may rebuild a big table.
  Result<std::unique_ptr<Connection>> connect_to_migrate() override;
  Result<std::vector<std::string>> durability_faults() override;
  bool met_stall_lately() const override;
  std::string describe() const override;

 private:
  const MysqlOptions options_;
  std::unique_ptr<MysqlWatch> watch_;
};

}  // namespace chat::storage
