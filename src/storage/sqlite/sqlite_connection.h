#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "chat/storage/database.h"
#include "storage/sqlite/sqlite_file.h"
#include "storage/sqlite/sqlite_handle.h"
#include "storage/sqlite/sqlite_statement.h"
#include "storage/sqlite/writer_lane.h"
#include "storage/text_map.h"

namespace chat::storage {

// One SQLite connection. A write transaction holds the writer lane from begin() to its end; so does
// execute() outside one. Writing inside a read transaction is a CHAT_CHECK: SQLite would have to
// upgrade it, which fails whenever another writer has committed since.
// Bounds: caches every prepared statement; their texts are literals of this program.
class SqliteConnection final : public Connection, private SqliteStatementHost {
 public:
  SqliteConnection(SqliteHandle db, WriterLane& lane, SqliteFile& file)
      : lane_(lane), file_(file), db_(std::move(db)) {}
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Dialect dialect() const override { return Dialect::kSqlite; }
  Result<Statement*> prepare(std::string_view sql) override;
  Result<void> execute(std::string_view script) override;

  Result<void> begin(TransactionKind kind) override;
  Result<void> commit() override;
  void rollback() noexcept override;
  bool in_transaction() const override { return transaction_.has_value(); }

  std::int64_t affected_rows() const override { return sqlite3_changes64(db_.get()); }
  std::int64_t last_insert_id() const override { return sqlite3_last_insert_rowid(db_.get()); }

  // `tables` and `rows` are the same here: the file has one lock.
  Result<void> set_lock_waits(LockWaits waits) override;
  bool met_lock() const override { return met_lock_; }

  bool usable() const override { return usable_; }
  Result<void> ping() override;
  // Frees the statements, which are cheap to prepare again, and the page cache, which the kernel
  // duplicates.
  void release_memory() override {
    statements_.clear();
    sqlite3_db_release_memory(db_.get());
  }

 private:
  Result<void> admit(bool writes) const override;
  Result<WriterLane::Turn> enter_lane() override;
  void wrote_in_lane() override { lane_.stranger_gone(); }
  Result<void> committed_in_place() override;
  Error failed(int code, std::string_view doing) override;

  Result<void> control(const char* sql);
  Result<void> transaction_alive() const;

  WriterLane& lane_;
  SqliteFile& file_;
  std::optional<WriterLane::Turn> turn_;  // outlives the handle: closing it ends a transaction
  SqliteHandle db_;
  std::optional<TransactionKind> transaction_;
  LockWaits lock_waits_;
  bool met_lock_ = false;
  bool usable_ = true;
  TextMap<std::unique_ptr<SqliteStatement>> statements_;
};

}  // namespace chat::storage
