#include "chat/storage/hint_model.h"

#include "storage/sql.h"

namespace chat::storage {
namespace {

constexpr std::string_view kWrite =
    "REPLACE INTO nodehint (node_id, node_epoch, number, hints) VALUES (?, ?, ?, ?)";

}  // namespace

Result<void> HintModel::write(const Node& node, std::int64_t number, std::string_view hints) {
  return sql::write(connection_, kWrite, node.id, node.epoch, number, hints);
}

Result<std::optional<std::string>> HintModel::read(const Node& node, std::int64_t after) {
  return sql::read_one(
      connection_, "SELECT hints FROM nodehint WHERE node_id = ? AND node_epoch = ? AND number > ?",
      [](const Statement& row) { return std::string(row.text(0)); }, node.id, node.epoch, after);
}

}  // namespace chat::storage
