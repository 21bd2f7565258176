#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "chat/base/unique_fd.h"
#include "chat/storage/database.h"
#include "storage/mysql/mysql_clock.h"
#include "storage/mysql/mysql_handle.h"
#include "storage/mysql/mysql_statement.h"
#include "storage/mysql/mysql_watch.h"
#include "storage/text_map.h"

namespace chat::storage {

// One connection to a MySQL server.
//
// The server may end a transaction by itself (after a deadlock, for example), and would then commit
// further statements one by one. So after any error except a refused row the transaction accepts no
// more statements and no commit; it can only be rolled back.
// Bounds: caches every prepared statement; their texts are literals of this program.
class MysqlConnection final : public Connection, private MysqlStatementHost {
 public:
  // The watch, if any, may cut the connection, and outlives it.
  MysqlConnection(MysqlHandle db, MysqlWatch* watch);
  ~MysqlConnection() override;
  MysqlConnection(const MysqlConnection&) = delete;
  MysqlConnection& operator=(const MysqlConnection&) = delete;

  Dialect dialect() const override { return Dialect::kMysql; }
  bool takes_rows() const override { return takes_rows_; }
  Result<Statement*> prepare(std::string_view sql) override;
  // DDL commits the running transaction implicitly.
  Result<void> execute(std::string_view script) override;

  Result<void> begin(TransactionKind kind) override;
  Result<void> begin_implicitly() override;
  Result<void> commit() override;
  Result<void> commit_by(base::SteadyTime by) override;
  Result<std::string> server_time(base::SteadyTime at) override;
  void rollback() noexcept override;
  bool in_transaction() const override { return in_transaction_; }

  std::int64_t affected_rows() const override { return affected_rows_; }
  std::int64_t last_insert_id() const override { return last_insert_id_; }

  Result<void> set_lock_waits(LockWaits waits) override;
  bool met_lock() const override { return met_lock_; }

  bool usable() const override { return usable_; }
  // Also fails if the server no longer takes writes.
  Result<void> ping() override;

 private:
  Result<void> admit() const override;
  MysqlWatch::Call begin_call() override {
    call_began_ = std::chrono::steady_clock::now();
    return MysqlWatch::Call(calls_);
  }
  void heard() override {
    if (watch_ != nullptr) watch_->heard();
  }
  void wrote(std::int64_t affected_rows, std::int64_t insert_id) override;
  Error failed(unsigned number, std::string_view message, std::string_view doing) override;
  bool gone() const override { return gone_; }

  Result<void> accept_scripts();
  tl::unexpected<Error> not_committed(Error error);
  Result<void> query(std::string_view sql);
  Result<void> send(std::string_view sql);
  tl::unexpected<Error> failed(std::string_view doing);
  Result<void> drain_results(std::string_view doing);

  MysqlWatch* const watch_;
  MysqlHandle db_;
  const bool takes_rows_;  // true for MariaDB
  MysqlWatch::Calls calls_{0};
  // A duplicate of the socket's descriptor, because the library may close its own at any time.
  base::UniqueFd socket_;
  const std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
  MysqlClock clock_;
  LockWaits lock_waits_;
  std::chrono::steady_clock::time_point call_began_;
  bool accepts_scripts_ = false;
  bool met_lock_ = false;
  bool usable_ = true;
  bool gone_ = false;
  bool begins_implicitly_ = false;
  bool in_transaction_ = false;
  bool broken_ = false;  // the transaction can only be rolled back
  std::int64_t affected_rows_ = 0;
  std::int64_t last_insert_id_ = 0;
  TextMap<std::unique_ptr<MysqlStatement>> statements_;  // destroyed before db_
};

}  // namespace chat::storage
