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
  // creates it. Idempotent: repeat it if the answer was lost.
  Result<std::string> id();
  // Locks the row until the transaction ends, so that starts are serialised. Precondition: id() has
  // created the row. On Galera the second of two starts fails with kBusy, here or at COMMIT.
  Result<void> serialise_start();
  // Identifies the database server that answers, of possibly several; empty for an embedded
  // database.
  Result<std::string> database_server();

 private:
  Connection& connection_;
};

}  // namespace chat::storage
