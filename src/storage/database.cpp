#include "chat/storage/database.h"

#include "chat/base/check.h"

namespace chat::storage {

Result<void> Statement::run() {
  const auto row = step();
  reset();
  if (!row) return fail(row);
  CHAT_CHECK(!*row);
  return {};
}

void Statement::add_row() {
  CHAT_CHECK(false);  // only where Connection::takes_rows()
}

Result<std::string> Connection::server_time(base::SteadyTime /*at*/) {
  CHAT_CHECK(false);  // only where takes_rows()
}

Result<Transaction> Transaction::begin(Connection& connection, TransactionKind kind) {
  if (auto begun = connection.begin(kind); !begun) return fail(begun);
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ != nullptr) connection_->rollback();
}

Result<void> Transaction::commit() {
  CHAT_CHECK(connection_ != nullptr);
  auto committed = connection_->commit();
  if (committed) connection_ = nullptr;
  return committed;
}

Result<void> Transaction::commit_by(base::SteadyTime by) {
  CHAT_CHECK(connection_ != nullptr);
  auto committed = connection_->commit_by(by);
  if (committed) connection_ = nullptr;
  return committed;
}

}  // namespace chat::storage
