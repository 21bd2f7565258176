#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// How to wait for servers of an earlier version.
struct EarlierServersWait {
  std::chrono::milliseconds lease{};  // a row unchanged for this long belongs to a dead server
  std::function<void(const std::string& sentence)> on_wait{};
  std::function<bool()> give_up{};  // true: stop waiting
};

// Prevents the migration of a schema that servers without a cluster id (versions 4 and 5) still
// use; they and servers of this version could not exchange messages. Such a server is detected by
// its named lock (without a bus) or by its row of the table `node`, which changes every three
// seconds (with a bus). On SQLite the lock file has already excluded it (SqliteFile).
// Threading: as its connection; blocks for little more than a lease. Ownership: keep it until the
// schema is migrated, because its lock prevents servers of that version from starting meanwhile.
class EarlierServers {
 public:
  EarlierServers(Connection& connection, const base::Clock& clock, const EarlierServersWait& wait)
      : connection_(connection), clock_(clock), wait_(wait) {}
  ~EarlierServers();
  EarlierServers(const EarlierServers&) = delete;
  EarlierServers& operator=(const EarlierServers&) = delete;

  // Succeeds if no server uses the schema of this version. kInvalidArgument: one does; the message
  // names it.
  Result<void> exclude(int version);

 private:
  Result<void> lock_out_lone_ones();
  Result<void> watch_rows();
  bool rest() const;

  Connection& connection_;
  const base::Clock& clock_;
  const EarlierServersWait& wait_;
  bool locked_ = false;
};

}  // namespace chat::storage
