#pragma once

#include <sqlite3.h>

#include <optional>
#include <string_view>

#include "chat/storage/database.h"
#include "storage/sqlite/writer_lane.h"

namespace chat::storage {

// A statement's interface to its connection (SqliteConnection). Threading: as the connection.
class SqliteStatementHost {
 public:
  // Fails if no statement may start now.
  virtual Result<void> admit(bool writes) const = 0;
  virtual bool in_transaction() const = 0;
  // The writer lane, or kTimeout if its holder is slow or waits for a foreign lock.
  virtual Result<WriterLane::Turn> enter_lane() = 0;
  virtual void wrote_in_lane() = 0;
  // Called after a commit; fails if the file is no longer where the next start will look for it.
  virtual Result<void> committed_in_place() = 0;
  // Converts the error of a failed call, and records whether it breaks the connection.
  virtual Error failed(int code, std::string_view doing) = 0;

 protected:
  ~SqliteStatementHost() = default;
};

// A statement that writes outside a transaction is a transaction of its own: it holds the
// writer lane from its first step to its end.
class SqliteStatement final : public Statement {
 public:
  // Takes ownership of `handle`.
  SqliteStatement(SqliteStatementHost& connection, sqlite3_stmt* handle);
  ~SqliteStatement() override;
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  void bind(int parameter, std::int64_t value) override;
  void bind(int parameter, std::string_view text) override;
  void bind_null(int parameter) override;
  Result<bool> step() override;
  void reset() noexcept override;
  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  std::string_view text(int column) const override;

 private:
  enum class State { kReset, kRunning, kEnded };

  Result<void> start();
  void bound(int code);

  SqliteStatementHost& connection_;
  sqlite3_stmt* const handle_;
  const bool writes_;

  State state_ = State::kReset;
  int bind_error_ = SQLITE_OK;  // the first one; reported by step()
  std::optional<WriterLane::Turn> turn_;
};

}  // namespace chat::storage
