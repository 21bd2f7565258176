#include "storage/model/node_rows.h"

#include <string>
#include <string_view>

#include "storage/sql.h"

namespace chat::storage {
namespace {

#define CHAT_NODE_ROWS \
  "SELECT id, epoch, lease_until, alone, mute, name, holder FROM node ORDER BY id"
constexpr std::string_view kAllNodes = CHAT_NODE_ROWS;
constexpr sql::Text kLockNodes{.sqlite = CHAT_NODE_ROWS, .mysql = CHAT_NODE_ROWS " FOR UPDATE"};
#undef CHAT_NODE_ROWS

NodeRow to_node_row(const Statement& row) {
  return {Node{sql::id<NodeId>(row, 0), row.integer(1)},
          row.integer(2),
          row.integer(3) != 0,
          row.integer(4) != 0,
          std::string(row.text(5)),
          std::string(row.text(6))};
}

}  // namespace

Result<std::vector<NodeRow>> read_nodes(Connection& connection) {
  return sql::read_all(connection, kAllNodes, to_node_row);
}

Result<std::vector<NodeRow>> read_nodes_locked(Connection& connection) {
  return sql::read_all(connection, kLockNodes.in(connection), to_node_row);
}

}  // namespace chat::storage
