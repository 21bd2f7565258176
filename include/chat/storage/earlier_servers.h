#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "chat/base/clock.h"
#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// How the wait for servers of an earlier version is made.
struct EarlierServersWait {
  std::chrono::milliseconds lease{};  // a row that has not moved for so long belongs to nobody
  std::function<void(const std::string& sentence)> on_wait{};
  std::function<bool()> give_up{};  // true: wait no longer
};

// Keeps a schema that servers without a cluster id still use (versions 4 and 5) from being migrated
// under them. They and servers of this version would not hear each other. Such a server shows that
// it runs by a lock with a name (without a bus) or by its row of the table `node`, which moves
// every three seconds (with one). On SQLite the lock file has told already (SqliteFile). Threading:
// as its connection; blocks for a little longer than a lease at most. Ownership: keep it until the
// schema is migrated: its lock keeps servers of that version from starting meanwhile.
class EarlierServers {
 public:
  EarlierServers(Connection& connection, const base::Clock& clock, const EarlierServersWait& wait)
      : connection_(connection), clock_(clock), wait_(wait) {}
  ~EarlierServers();
  EarlierServers(const EarlierServers&) = delete;
  EarlierServers& operator=(const EarlierServers&) = delete;

  // Succeeds when none runs on the schema of this version. kInvalidArgument: one does; the sentence
  // says which.
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
