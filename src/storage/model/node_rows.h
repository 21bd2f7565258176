#pragma once

#include <vector>

#include "chat/base/result.h"
#include "chat/storage/database.h"
#include "chat/storage/values.h"

// Reading all of table `node`, which NodeModel and UserModel both do. Ascending by id. Calls block.
namespace chat::storage {

Result<std::vector<NodeRow>> read_nodes(Connection& connection);
// Locks the rows until the transaction ends.
Result<std::vector<NodeRow>> read_nodes_locked(Connection& connection);

}  // namespace chat::storage
