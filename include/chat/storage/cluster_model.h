#pragma once

#include <string>

#include "chat/base/result.h"
#include "chat/storage/database.h"

namespace chat::storage {

// Table `cluster`: the one row that all servers of a database share.
// Threading: as its connection. Calls block.
class ClusterModel {
 public:
  explicit ClusterModel(Connection& connection) : connection_(connection) {}

  // The cluster's id, 32 hex digits, the same for all servers of this database. The first caller
  // makes it. A call whose answer was lost may be repeated.
  Result<std::string> id();
  // Locks the row until the transaction ends, so that starts run one after the other. There must be
  // a row: see id(). On Galera the second of two starts fails with kBusy, here or at COMMIT.
  Result<void> serialise_start();
  // Which server answers, where there may be several: empty for an embedded database.
  Result<std::string> database_server();

 private:
  Connection& connection_;
};

}  // namespace chat::storage
